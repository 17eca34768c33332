/**
 * Packages that a NocoBase 2.x server has and checks by range when a plugin is enabled. They are never bundled:
 * two copies of React or of the database layer in one process do not work.
 */
export const PROVIDED: Readonly<Record<string, { readonly range: string; readonly version: string }>> = {
  '@ant-design/cssinjs': { range: '1.x', version: '1.23.0' },
  '@ant-design/icons': { range: '5.x', version: '5.6.1' },
  '@dnd-kit/core': { range: '6.x', version: '6.1.0' },
  '@dnd-kit/sortable': { range: '7.x', version: '7.0.2' },
  '@emotion/css': { range: '11.x', version: '11.13.0' },
  '@formily/antd-v5': { range: '1.x', version: '1.2.3' },
  '@formily/core': { range: '2.x', version: '2.3.0' },
  '@formily/react': { range: '2.x', version: '2.3.0' },
  '@formily/shared': { range: '2.x', version: '2.3.0' },
  '@koa/cors': { range: '5.x', version: '5.0.0' },
  '@koa/multer': { range: '3.x', version: '3.1.0' },
  '@koa/router': { range: '13.x', version: '13.1.0' },
  ahooks: { range: '3.x', version: '3.7.8' },
  antd: { range: '5.x', version: '5.24.2' },
  'antd-style': { range: '3.x', version: '3.7.1' },
  'async-mutex': { range: '0.5.x', version: '0.5.0' },
  axios: { range: '1.7.x', version: '1.7.7' },
  'cache-manager': { range: '5.x', version: '5.2.4' },
  dayjs: { range: '1.x', version: '1.11.13' },
  i18next: { range: '22.x', version: '22.4.9' },
  joi: { range: '17.x', version: '17.13.3' },
  jsonwebtoken: { range: '9.x', version: '9.0.2' },
  koa: { range: '3.x', version: '3.0.1' },
  'koa-bodyparser': { range: '4.x', version: '4.4.1' },
  lodash: { range: '4.x', version: '4.17.21' },
  mathjs: { range: '15.x', version: '15.1.0' },
  multer: { range: '2.x', version: '2.0.2' },
  pg: { range: '8.x', version: '8.16.3' },
  react: { range: '18.x', version: '18.2.0' },
  'react-dom': { range: '18.x', version: '18.2.0' },
  'react-i18next': { range: '11.x', version: '11.18.6' },
  'react-router': { range: '6.x', version: '6.30.1' },
  'react-router-dom': { range: '6.x', version: '6.30.1' },
  sequelize: { range: '6.x', version: '6.37.7' },
  umzug: { range: '3.x', version: '3.8.2' },
  winston: { range: '3.x', version: '3.13.0' },
};

/** NocoBase's own packages come from the server; so do the LangChain packages that its AI plugin shares. */
const PROVIDED_PREFIXES = ['@nocobase/', '@formily/', '@langchain/'];

export function isProvided(packageName: string): boolean {
  return (
    Object.hasOwn(PROVIDED, packageName) ||
    packageName === 'langchain' ||
    PROVIDED_PREFIXES.some((prefix) => packageName.startsWith(prefix))
  );
}

/** `@scope/name/sub` → `@scope/name`; undefined for a relative or absolute path. */
export function packageOf(specifier: string): string | undefined {
  if (specifier.startsWith('.') || specifier.startsWith('/')) return undefined;
  const [first, second] = specifier.split('/');
  if (first === undefined || first === '') return undefined;
  return first.startsWith('@') && second !== undefined ? `${first}/${second}` : first;
}
