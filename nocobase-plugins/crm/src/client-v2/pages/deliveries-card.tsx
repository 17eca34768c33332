import { Alert, Card, Empty, Tag, Typography } from 'antd';
import React from 'react';
import { type Delivery, useCrmApi, useLoaded, useT } from '../api';

const REFRESH_MS = 10_000;
const COLORS = { pending: 'blue', delivered: 'green', dead: 'red' } as const;

/** The latest deliveries of outgoing webhooks, with what went wrong. */
export function DeliveriesCard(): React.JSX.Element {
  const t = useT();
  const api = useCrmApi();
  const { value, error } = useLoaded(api.deliveries, REFRESH_MS);
  return (
    <Card title={t('Latest webhook deliveries')}>
      {error !== undefined && <Alert type="error" showIcon message={error} />}
      {value?.length === 0 && <Empty description={t('Nothing was sent yet.')} />}
      {value?.map((delivery) => (
        <Line key={delivery.id} delivery={delivery} />
      ))}
    </Card>
  );
}

function Line({ delivery }: { readonly delivery: Delivery }): React.JSX.Element {
  const t = useT();
  const { state, eventType, webhook, attempts, responseStatus, lastError } = delivery;
  const labels = { pending: t('Pending'), delivered: t('Delivered'), dead: t('Given up') };
  return (
    <div style={{ marginBottom: 8 }}>
      <Tag color={COLORS[state]}>{labels[state]}</Tag>
      <Typography.Text>
        {eventType} → {webhook?.title ?? webhook?.url ?? '–'}
      </Typography.Text>{' '}
      <Typography.Text type="secondary">
        {t('Attempts')}: {attempts}
        {responseStatus === null ? '' : `, HTTP ${responseStatus}`}
      </Typography.Text>
      {lastError !== null && (
        <div>
          <Typography.Text type="danger">{lastError}</Typography.Text>
        </div>
      )}
    </div>
  );
}
