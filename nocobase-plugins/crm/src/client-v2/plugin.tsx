import { Plugin } from '@nocobase/client-v2';

export class PluginCrmClient extends Plugin {
  override async load(): Promise<void> {
    this.pluginSettingsManager.addMenuItem({
      key: 'bizstack-crm',
      title: this.t('CRM'),
      icon: 'ContactsOutlined',
    });
    this.pluginSettingsManager.addPageTabItem({
      menuKey: 'bizstack-crm',
      key: 'index',
      title: this.t('Ways in and events'),
      componentLoader: () => import('./pages/settings.js'),
    });
  }
}

export default PluginCrmClient;
