import { Alert, Button, Card, Popconfirm, Select, Space, Spin, Typography } from 'antd';
import React, { useState } from 'react';
import { useCrmApi, useLoaded, useT } from '../api';
import { DeliveriesCard } from './deliveries-card';
import { HealthCard } from './health-card';
import { addresses, embedSnippet, sampleCurl } from './snippets';

const { Paragraph, Text } = Typography;

/** Settings → CRM: what to link, embed and call, and whether events go out. */
export default function SettingsPage(): React.JSX.Element {
  const t = useT();
  const api = useCrmApi();
  const forms = useLoaded(api.forms);
  const [chosen, setChosen] = useState<string>();
  const [secret, setSecret] = useState<string>();
  const [problem, setProblem] = useState<string>();
  const [busy, setBusy] = useState(false);
  const enabled = (forms.value ?? []).filter((form) => form.enabled);
  const form = enabled.find(({ key }) => key === chosen) ?? enabled[0];

  const run = async (work: () => Promise<void>): Promise<void> => {
    setBusy(true);
    setProblem(undefined);
    try {
      await work();
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error));
    } finally {
      setBusy(false);
    }
  };

  return (
    <Space direction="vertical" size="middle" style={{ width: '100%' }}>
      {problem !== undefined && <Alert type="error" showIcon message={problem} />}
      <HealthCard />
      <Card
        title={t('Ways in')}
        extra={
          enabled.length > 1 && (
            <Select
              aria-label={t('Form')}
              style={{ minWidth: 180 }}
              value={form?.key}
              options={enabled.map(({ key, title }) => ({ value: key, label: title ?? key }))}
              onChange={(key) => {
                setChosen(key);
                setSecret(undefined);
              }}
            />
          )
        }
      >
        <Spin spinning={forms.value === undefined && forms.error === undefined}>
          {forms.error !== undefined && <Alert type="error" showIcon message={forms.error} />}
          {forms.value !== undefined && form === undefined && (
            <Alert
              type="info"
              showIcon
              message={t('There is no enabled form. Add one on the page "Forms and webhooks".')}
            />
          )}
          {form !== undefined && (
            <>
              <Row label={t('Link to the form')}>
                <a href={addresses(form.key).page} target="_blank" rel="noreferrer">
                  {addresses(form.key).page}
                </a>{' '}
                <Text copyable={{ text: addresses(form.key).page }} />
              </Row>
              <Row label={t('To embed the form in a site')}>
                <Code text={embedSnippet(form.key, form.title ?? form.key)} />
                <Text type="secondary">
                  {t('The site must be listed in the form under "Sites that may embed the form".')}
                </Text>
              </Row>
              <Row label={t('Webhook for other systems')}>
                <Text code copyable>
                  {addresses(form.key).webhook}
                </Text>
              </Row>
              <Row label={t('Example of a signed request')}>
                <Code text={sampleCurl(form.key)} />
              </Row>
              <Row label={t('Secret of the webhook')}>
                {secret === undefined ? (
                  <Popconfirm
                    title={t('Make a new secret?')}
                    description={t('Senders that use the old one are refused from then on.')}
                    onConfirm={() => void run(async () => setSecret(await api.rotateSecret(form.key)))}
                  >
                    <Button loading={busy}>{t('Make a new secret')}</Button>
                  </Popconfirm>
                ) : (
                  <Alert
                    type="warning"
                    message={<Text copyable>{secret}</Text>}
                    description={t('It is shown this once. Keep it in a safe place.')}
                  />
                )}
              </Row>
            </>
          )}
        </Spin>
      </Card>
      <DeliveriesCard />
      <Card title={t('Demo data')}>
        <Paragraph>
          {t('A few leads to look at. They are marked as demo data and can be taken away again.')}
        </Paragraph>
        <Space>
          <Button loading={busy} onClick={() => void run(api.addDemo)}>
            {t('Add demo leads')}
          </Button>
          <Button danger loading={busy} onClick={() => void run(api.removeDemo)}>
            {t('Remove demo leads')}
          </Button>
        </Space>
      </Card>
    </Space>
  );
}

function Row({
  label,
  children,
}: {
  readonly label: string;
  readonly children: React.ReactNode;
}): React.JSX.Element {
  return (
    <div style={{ marginBottom: 16 }}>
      <div style={{ fontWeight: 600, marginBottom: 4 }}>{label}</div>
      {children}
    </div>
  );
}

function Code({ text }: { readonly text: string }): React.JSX.Element {
  return (
    <Paragraph copyable={{ text }}>
      <pre style={{ whiteSpace: 'pre-wrap', overflowWrap: 'anywhere', fontSize: 12, margin: 0 }}>{text}</pre>
    </Paragraph>
  );
}
