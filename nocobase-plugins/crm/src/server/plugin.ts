import { isBizError, messageOf } from '@bizstack/contracts';
import { type Relay, startRelay } from '@bizstack/outbox';
import { Plugin } from '@nocobase/server';
import { applyScoreAction } from './actions/apply-score';
import { addDemo, removeDemo } from './actions/demo-leads';
import { page } from './actions/form-page';
import { submit } from './actions/form-submit';
import { webhook } from './actions/lead-webhook';
import { statusAction } from './actions/relay-status';
import { registerAction, unregisterAction } from './actions/record-subscriptions';
import { rotateSecretAction } from './actions/rotate-secret';
import { send } from './actions/send-notification';
import { AUTOMATION_SNIPPET } from './constants';
import { relayOptions } from './relay/options';
import { renderBizError } from './services/errors';
import { registerFormHooks } from './services/forms';
import { registerLeadHooks } from './services/lead-hooks';
import { onEventCommitted } from './services/outbox';
import { RecordSubscriptions } from './services/records/subscriptions';
import { RecordWatch } from './services/records/watch';
import { ensureData, ensureUserInterface, publishCollections } from './services/setup';
import { WebhookDispatcher, registerWebhookHooks } from './services/webhooks/dispatcher';
import { webhookQueue } from './services/webhooks/queue';

const PRUNE_EVERY_MS = 3_600_000;

export class PluginCrmServer extends Plugin {
  private relay: Relay | undefined;
  private webhooks: WebhookDispatcher | undefined;
  private subscriptions: RecordSubscriptions | undefined;
  private records: WebhookDispatcher | undefined;
  private pruning: NodeJS.Timeout | undefined;

  override async load(): Promise<void> {
    const { app } = this;
    registerLeadHooks(app.db);
    registerFormHooks(app);
    registerWebhookHooks(app);
    const subscriptions = new RecordSubscriptions(app);
    this.subscriptions = subscriptions;
    new RecordWatch(app, subscriptions, () => this.records?.wake()).register();
    app.resourceManager.registerActionHandlers({
      'crmLeads:webhook': webhook,
      'crmLeads:applyScore': applyScoreAction,
      'crmLeads:addDemo': addDemo,
      'crmLeads:removeDemo': removeDemo,
      'crmLeadForms:page': page,
      'crmLeadForms:submit': submit,
      'crmLeadForms:rotateSecret': rotateSecretAction,
      'crmNotifications:send': send,
      'crmRecordSubscriptions:register': registerAction(subscriptions),
      'crmRecordSubscriptions:unregister': unregisterAction(subscriptions),
    });
    app.resourceManager.define({
      name: 'crmRelay',
      actions: { status: statusAction(() => this.relay?.metrics()) },
    });
    app.acl.allow('crmLeadForms', ['page', 'submit'], 'public');
    app.acl.allow('crmLeads', 'webhook', 'public');
    // Whoever may read a collection may be told of its changes: the permissions are checked for every record.
    app.acl.allow('crmRecordSubscriptions', ['register', 'unregister'], 'loggedIn');
    app.acl.registerSnippet({
      name: `pm.${this.name}`,
      actions: [
        'crmLeads:*',
        'crmLeadTouches:*',
        'crmLeadForms:*',
        'crmWebhooks:*',
        'crmWebhookDeliveries:list',
        'crmWebhookDeliveries:get',
        'crmRecordSubscriptions:list',
        'crmRecordSubscriptions:get',
        'crmRecordSubscriptions:destroy',
        'crmRecordDeliveries:list',
        'crmRecordDeliveries:get',
        'crmNotifications:send',
        'crmRelay:status',
      ],
    });
    app.acl.registerSnippet({
      name: AUTOMATION_SNIPPET,
      actions: [
        'crmLeads:list',
        'crmLeads:get',
        'crmLeads:update',
        'crmLeads:applyScore',
        'crmLeadTouches:list',
        'crmNotifications:send',
      ],
    });
    app.pm.get('error-handler')?.errorHandler.register((error) => isBizError(error), renderBizError);
    app.on('afterStart', () => this.startWorkers());
    app.on('beforeStop', () => this.stopWorkers());
  }

  override async install(): Promise<void> {
    await ensureData(this.app);
  }

  override async afterEnable(): Promise<void> {
    await ensureData(this.app);
    await publishCollections(this.app);
  }

  override async upgrade(): Promise<void> {
    await ensureData(this.app);
    await publishCollections(this.app);
  }

  override async beforeDisable(): Promise<void> {
    await this.stopWorkers();
  }

  private async startWorkers(): Promise<void> {
    if (this.webhooks !== undefined || !this.enabled) return;
    this.webhooks = new WebhookDispatcher(this.app, webhookQueue(this.app));
    this.webhooks.start();
    this.startSubscriptions();
    void ensureUserInterface(this.app);
    const options = await relayOptions(this.db, this.log);
    if (options === undefined) {
      this.log.warn(
        'Outbox relay: off, because BIZSTACK_KAFKA_BROKERS is not set; events wait in the outbox.',
      );
      return;
    }
    const relay = startRelay(options);
    this.relay = relay;
    onEventCommitted(this.db, () => relay.wake());
  }

  private startSubscriptions(): void {
    const { subscriptions } = this;
    if (subscriptions === undefined) return;
    subscriptions.start();
    this.records = new WebhookDispatcher(this.app, subscriptions.queue());
    this.records.start();
    this.pruning = setInterval(() => {
      subscriptions
        .prune()
        .catch((error: unknown) => this.log.warn(`record deliveries: ${messageOf(error)}`));
    }, PRUNE_EVERY_MS);
    this.pruning.unref();
  }

  private async stopWorkers(): Promise<void> {
    const { relay, webhooks, records, subscriptions } = this;
    this.relay = undefined;
    this.webhooks = undefined;
    this.records = undefined;
    clearInterval(this.pruning);
    await Promise.all([relay?.stop(), webhooks?.stop(), records?.stop(), subscriptions?.stop()]);
  }
}

export default PluginCrmServer;
