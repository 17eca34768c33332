import { isBizError } from '@bizstack/contracts';
import { Plugin } from '@nocobase/server';
import { applyScoreAction } from './actions/apply-score';
import { addDemo, removeDemo } from './actions/demo-leads';
import { page } from './actions/form-page';
import { submit } from './actions/form-submit';
import { webhook } from './actions/lead-webhook';
import { statusAction } from './actions/relay-status';
import { rotateSecretAction } from './actions/rotate-secret';
import { send } from './actions/send-notification';
import { AUTOMATION_SNIPPET } from './constants';
import { relayOptions } from './relay/options';
import { type Relay, startRelay } from './relay/relay';
import { renderBizError } from './services/errors';
import { registerFormHooks } from './services/forms';
import { registerLeadHooks } from './services/lead-hooks';
import { onEventCommitted } from './services/outbox';
import { ensureData, ensureUserInterface, publishCollections } from './services/setup';
import { WebhookDispatcher, registerWebhookHooks } from './services/webhooks/dispatcher';

export class PluginCrmServer extends Plugin {
  private relay: Relay | undefined;
  private webhooks: WebhookDispatcher | undefined;

  override async load(): Promise<void> {
    const { app } = this;
    registerLeadHooks(app.db);
    registerFormHooks(app);
    registerWebhookHooks(app);
    app.resourceManager.registerActionHandlers({
      'crmLeads:webhook': webhook,
      'crmLeads:applyScore': applyScoreAction,
      'crmLeads:addDemo': addDemo,
      'crmLeads:removeDemo': removeDemo,
      'crmLeadForms:page': page,
      'crmLeadForms:submit': submit,
      'crmLeadForms:rotateSecret': rotateSecretAction,
      'crmNotifications:send': send,
    });
    app.resourceManager.define({
      name: 'crmRelay',
      actions: { status: statusAction(() => this.relay?.metrics()) },
    });
    app.acl.allow('crmLeadForms', ['page', 'submit'], 'public');
    app.acl.allow('crmLeads', 'webhook', 'public');
    app.acl.registerSnippet({
      name: `pm.${this.name}`,
      actions: [
        'crmLeads:*',
        'crmLeadTouches:*',
        'crmLeadForms:*',
        'crmWebhooks:*',
        'crmWebhookDeliveries:list',
        'crmWebhookDeliveries:get',
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
    this.webhooks = new WebhookDispatcher(this.app);
    this.webhooks.start();
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

  private async stopWorkers(): Promise<void> {
    const { relay, webhooks } = this;
    this.relay = undefined;
    this.webhooks = undefined;
    await Promise.all([relay?.stop(), webhooks?.stop()]);
  }
}

export default PluginCrmServer;
