import { Alert, Card, Col, Row, Statistic, Tag } from 'antd';
import React from 'react';
import { type Health, useCrmApi, useLoaded, useT } from '../api';

const REFRESH_MS = 5000;
/** Seconds after which a waiting event is worth a warning. */
const LATE_SECONDS = 30;

/** Whether the CRM's events reach Kafka and the outgoing webhooks. */
export function HealthCard(): React.JSX.Element {
  const t = useT();
  const api = useCrmApi();
  const { value, error } = useLoaded(api.health, REFRESH_MS);
  return (
    <Card title={t('Events')} extra={value === undefined ? null : <State health={value} />}>
      {error !== undefined && <Alert type="error" showIcon message={error} />}
      {value !== undefined && !value.configured && (
        <Alert
          type="warning"
          showIcon
          message={t('Events wait: no Kafka is configured.')}
          description={t('Set BIZSTACK_KAFKA_BROKERS for the NocoBase server and start it again.')}
          style={{ marginBottom: 16 }}
        />
      )}
      {value?.here?.lastError !== undefined && (
        <Alert type="warning" showIcon message={value.here.lastError} style={{ marginBottom: 16 }} />
      )}
      {value !== undefined && (
        <Row gutter={[16, 16]}>
          <Col xs={12} md={6}>
            <Statistic title={t('Waiting')} value={value.pending} />
          </Col>
          <Col xs={12} md={6}>
            <Statistic
              title={t('Oldest waiting')}
              value={value.oldestSeconds === null ? '–' : Math.round(value.oldestSeconds)}
              suffix={value.oldestSeconds === null ? '' : 's'}
            />
          </Col>
          <Col xs={12} md={6}>
            <Statistic title={t('Sent')} value={value.published} />
          </Col>
          <Col xs={12} md={6}>
            <Statistic title={t('Webhooks given up')} value={value.deliveries['dead'] ?? 0} />
          </Col>
        </Row>
      )}
    </Card>
  );
}

function State({ health }: { readonly health: Health }): React.JSX.Element {
  const t = useT();
  if (!health.configured) return <Tag color="orange">{t('Off')}</Tag>;
  if (health.relays.length === 0) return <Tag color="red">{t('Nobody sends')}</Tag>;
  if ((health.oldestSeconds ?? 0) > LATE_SECONDS) return <Tag color="orange">{t('Late')}</Tag>;
  return <Tag color="green">{t('Running')}</Tag>;
}
