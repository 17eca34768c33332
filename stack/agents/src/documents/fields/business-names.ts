import { compact } from './text';

/** Legal forms at the end of a name, in the writing of many countries. */
const LEGAL_FORM =
  /(?<![\p{L}])(?:sdn\.?\s*bhd|s\/b|sb|bhd|plt|llp|pte\.?\s*ltd|pvt\.?\s*ltd|private\s+limited|ltd|limited|inc|incorporated|corp|corporation|llc|l\.l\.c|plc|co|company|gmbh(?:\s*&\s*co\.?\s*kg)?|ag|kg|ohg|e\.?k|ug|se|mbh|b\.?v|n\.?v|s\.?a\.?r\.?l|s\.?a\.?s(?:\.?u)?|s\.?a|eurl|sprl|srl|s\.?r\.?l|s\.?p\.?a|s\.?l\.?u?|ltda|lda|s\.?c\.?a|a\.?b|a\.?s|aps|oyj?|asa|sp\.?\s*z\.?\s*o\.?\s*o|s\.?r\.?o|kft|d\.?o\.?o|o\.?o\.?d|pty(?:\.?\s*ltd)?|g\.?k|k\.?k|co\.,?\s*ltd)\.?(?=$|[\s,;:)(\-–|•·])/iu;
const CJK_FORM = /(?:有限公司|股份公司|株式会社|有限会社|合同会社)/u;

export function hasLegalForm(text: string): boolean {
  return LEGAL_FORM.test(text) || CJK_FORM.test(text);
}

/** Words that shops, restaurants and traders have in their names. */
const TRADE_WORD =
  /(?:enterprise|trading|trader|restoran|restaurant|ristorante|mart\b|market|supermarket|hyper|stationer|hardware|book\s?s?(?:tore|shop)?\b|gallery|perniagaan|kedai|syarikat|motor|machinery|electrical|bakery|cafe|kafe|kopitiam|pharmacy|farmasi|klinik|clinic|petrol|station|shop|store|stall|house|centre|center|food|delights?|catering|hotel|resort|industries|industri|services?|supplies|supply|marketing|holdings?|group|resources|brothers|bros|seafood|kitchen|bistro|bar\b|grill|auto|tyre|furniture|gift|deco|fashion|optical|optik|saloon|salon|laundry|printing|photo|computer|technolog|electronic|agenc|workshop|garage|international|network|venture|confectioner|pasaraya|borong|pusat|papan|kopi|tailor|handicraft|distribut|depot|outlet|bazaar|emporium|bistro|pizza|burger|sushi|steak|grocer|fresh|frozen|aquarium|pet\b|spa\b|beauty|sport|cycle|battery|oil\b|gas\b|engineering|construction|timber|steel|paint|glass|lighting|plastic|packaging|paper|toys?\b|baby|jewel|watch|florist|nursery|ice\s?cream|noodle|roast|chicken|pasar|mini|speedmart|s\/b)/iu;

export function hasTradeWord(text: string): boolean {
  return TRADE_WORD.test(text);
}

const OCR_SDN = /\b[S5]\s?[DO0]\s?[NMH](\.?)\s*[B8E]\s?[HNM]\s?[DO0]\b/giu;

/** Puts right what a recogniser makes of `(M) SDN BHD`. */
export function repairLegalForm(text: string): string {
  return text
    .replace(OCR_SDN, 'SDN$1 BHD')
    .replace(/\([HNW]\)(?=\s*SDN)/giu, '(M)')
    .replace(/(\([^()]*)[IJl1|](?=\s+SDN\.?\s+BHD)/u, '$1)');
}

/** Numbers of the trade register and what follows the name on its line. */
export function withoutRegistration(text: string): string {
  return (
    text
      .replace(
        /\(?\s*(?:co(?:mpany)?\.?\s*)?(?:reg(?:istration)?|roc|no|brn?)\.?\s*(?:no)?\.?\s*[:#]?\s*[A-Z0-9-]*\d{4,}[-–]?[A-Z0-9]*\s*\)?.*$/iu,
        '',
      )
      .replace(/[([{]?\s*[A-Z]{0,3}\d{5,}[-–\s]?[A-Z0-9]{0,2}\s*[)\]}]?\s*$/iu, '')
      // The bracket of a register number whose figures were misread.
      .replace(/\s+\(?[A-Z0-9]{3,9}[-–][A-Z]\)$/u, '')
      .replace(/[\s,;:|–(-]+$/u, '')
      .trim()
  );
}

const FORM_WORDS =
  /\b(?:sdn|bhd|s\/b|sb|plt|pte|pvt|private|limited|ltd|inc|incorporated|corp|corporation|llc|plc|gmbh|ag|kg|bv|nv|sarl|sas|sa|srl|spa|sl|slu|ltda|ab|as|aps|oy|pty)\b/giu;
/** Forms that cannot be mistaken for the end of a word, for names whose spaces were lost. */
const FORM_ENDING = /(?:sdnbhd|privatelimited|pvtltd|pteltd|limited|gmbh|sarl|llc)$/u;

/**
 * A name for comparing: case, accents, punctuation, spaces and the legal form are of no account, everything
 * else is. `B.V.` and `BV` are the same, `S/B` and `Sdn. Bhd.` too.
 */
export function comparableName(name: string): string {
  const dotless = name.replace(/(?<=\b\p{L})\.(?=\p{L}\b)/gu, '').replace(/\./g, ' ');
  const bare = compact(dotless.replace(FORM_WORDS, ' ')).replace(FORM_ENDING, '');
  return bare === '' ? compact(name) : bare;
}
