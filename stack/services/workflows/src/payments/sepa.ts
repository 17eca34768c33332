import { createHash } from 'node:crypto';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BizError, messageOf } from '@bizstack/contracts';
import { isIban } from '../domain/iban';
import type { PaymentOrder, PaymentProvider } from './provider';

export interface SepaAccount {
  readonly name: string;
  readonly iban: string;
  readonly bic?: string | undefined;
}

/** Writes credit transfers as pain.001 files, one a payment, for the bank; somebody confirms them afterwards. */
export function sepaProvider(
  directory: string | undefined,
  account: SepaAccount | undefined,
): PaymentProvider {
  return {
    name: 'sepa',
    async pay(order) {
      if (directory === undefined || account === undefined) {
        throw new BizError('BIZ_PAYMENT_NOT_CONFIGURED', 'There is no account to pay from by SEPA.', {
          hint: 'Set WORKFLOWS_SEPA_DIRECTORY, WORKFLOWS_SEPA_NAME and WORKFLOWS_SEPA_IBAN.',
        });
      }
      const reference = endToEndId(order.key);
      const xml = creditTransfer(order, account, reference);
      try {
        await mkdir(directory, { recursive: true, mode: 0o700 });
        // The same payment writes the same file: a bank refuses a message id that it has seen.
        const file = join(directory, `${reference}.xml`);
        await writeFile(`${file}.partial`, xml, { mode: 0o600 });
        await rename(`${file}.partial`, file);
      } catch (cause) {
        throw new BizError(
          'BIZ_PAYMENT_FILE',
          `The payment file could not be written: ${messageOf(cause)}.`,
          {
            cause,
            retryable: true,
          },
        );
      }
      return { reference, status: 'submitted' };
    },
  };
}

/** At most 35 characters that every bank takes. */
export function endToEndId(key: string): string {
  return `BIZ${createHash('sha256').update(key).digest('hex').slice(0, 32).toUpperCase()}`;
}

/**
 * A pain.001.001.09 message with one SEPA credit transfer.
 * @throws BizError `BIZ_PAYMENT_REFUSED` when the currency is not EUR or an IBAN is wrong
 */
export function creditTransfer(order: PaymentOrder, account: SepaAccount, id: string): string {
  const { creditor, amount, executeOn } = order;
  if (order.currency !== 'EUR') {
    throw new BizError('BIZ_PAYMENT_REFUSED', `SEPA pays in EUR only, not in ${order.currency}.`);
  }
  if (creditor.iban === undefined || !isIban(creditor.iban)) {
    throw new BizError(
      'BIZ_PAYMENT_REFUSED',
      `The IBAN of ${creditor.name} is missing or its check digits are wrong.`,
    );
  }
  if (!isIban(account.iban))
    throw new BizError('BIZ_PAYMENT_NOT_CONFIGURED', 'WORKFLOWS_SEPA_IBAN is not an IBAN.');
  const agent = (bic: string | undefined): string =>
    bic === undefined ? '<Othr><Id>NOTPROVIDED</Id></Othr>' : `<BICFI>${bic.toUpperCase()}</BICFI>`;
  return `<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.001.001.09">
  <CstmrCdtTrfInitn>
    <GrpHdr>
      <MsgId>${id}</MsgId>
      <CreDtTm>${executeOn}T00:00:00Z</CreDtTm>
      <NbOfTxs>1</NbOfTxs>
      <CtrlSum>${amount}</CtrlSum>
      <InitgPty><Nm>${sepaText(account.name, 70)}</Nm></InitgPty>
    </GrpHdr>
    <PmtInf>
      <PmtInfId>${id}</PmtInfId>
      <PmtMtd>TRF</PmtMtd>
      <NbOfTxs>1</NbOfTxs>
      <CtrlSum>${amount}</CtrlSum>
      <PmtTpInf><SvcLvl><Cd>SEPA</Cd></SvcLvl></PmtTpInf>
      <ReqdExctnDt><Dt>${executeOn}</Dt></ReqdExctnDt>
      <Dbtr><Nm>${sepaText(account.name, 70)}</Nm></Dbtr>
      <DbtrAcct><Id><IBAN>${compact(account.iban)}</IBAN></Id></DbtrAcct>
      <DbtrAgt><FinInstnId>${agent(account.bic)}</FinInstnId></DbtrAgt>
      <ChrgBr>SLEV</ChrgBr>
      <CdtTrfTxInf>
        <PmtId><EndToEndId>${id}</EndToEndId></PmtId>
        <Amt><InstdAmt Ccy="EUR">${amount}</InstdAmt></Amt>
        <CdtrAgt><FinInstnId>${agent(creditor.bic)}</FinInstnId></CdtrAgt>
        <Cdtr><Nm>${sepaText(creditor.name, 70)}</Nm></Cdtr>
        <CdtrAcct><Id><IBAN>${compact(creditor.iban)}</IBAN></Id></CdtrAcct>
        <RmtInf><Ustrd>${sepaText(order.purpose, 140)}</Ustrd></RmtInf>
      </CdtTrfTxInf>
    </PmtInf>
  </CstmrCdtTrfInitn>
</Document>
`;
}

function compact(iban: string): string {
  return iban.replaceAll(' ', '').toUpperCase();
}

/** Only characters of the SEPA set, which also leaves nothing that XML would take for markup. */
export function sepaText(text: string, length: number): string {
  const spelled = text
    .replaceAll('ß', 'ss')
    .replace(
      /[äöüÄÖÜ]/g,
      (letter) => ({ ä: 'ae', ö: 'oe', ü: 'ue', Ä: 'Ae', Ö: 'Oe', Ü: 'Ue' })[letter] ?? letter,
    )
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .replaceAll('&', '+')
    .replace(/[^A-Za-z0-9/\-?:().,'+ ]/g, '.');
  return spelled.slice(0, length).trim() || '.';
}
