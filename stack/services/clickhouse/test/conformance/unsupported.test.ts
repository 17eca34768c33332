import { TestServer } from '../support/test-server';

describe('what is not served', () => {
  let server: TestServer;

  beforeAll(async () => {
    server = await TestServer.start();
  });
  afterAll(async () => {
    await server.stop();
  });

  it.each([
    ['CREATE USER someone', 497],
    ['CREATE ROLE some', 497],
    ['GRANT SELECT ON *.* TO someone', 511],
    ['SET ROLE some', 511],
    ['SELECT * FROM system.users', 497],
    ['SELECT * FROM system.query_log', 60],
    ["CREATE TABLE r (a UInt8) ENGINE = ReplicatedMergeTree('/r', 'a') ORDER BY a", 225],
    ["CREATE TABLE k (a UInt8) ENGINE = KeeperMap('/k') PRIMARY KEY a", 36],
    ['BEGIN TRANSACTION', 48],
    ["SELECT * FROM file('/etc/passwd', LineAsString)", 344],
    ["SELECT * FROM `file`('/etc/passwd', LineAsString)", 344],
    ["SELECT file('/etc/passwd')", 344],
    ["SELECT * FROM '/etc/passwd'", 60],
    ['SELECT * FROM "/etc/passwd"', 60],
    ['SELECT * FROM default.`/etc/passwd`', 60],
    ["SELECT * FROM url('file:///etc/passwd', LineAsString)", 344],
    ["SELECT * FROM url(concat('file:', '///etc/passwd'), LineAsString)", 344],
    ["SELECT * FROM executable('id', TSV, 'a String')", 344],
    ["SELECT * FROM sqlite('/tmp/x.db', 't')", 344],
    ["CREATE TABLE f (a String) ENGINE = File(CSV, '/etc/passwd')", 344],
    ["CREATE DATABASE f ENGINE = Filesystem('/etc')", 344],
    ["INSERT INTO FUNCTION file('/tmp/bizstack-x', CSV) VALUES (1)", 344],
    ["INSERT INTO FUNCTION file('/tmp/bizstack-x', CSV) SELECT 1", 344],
    ["BACKUP DATABASE default TO File('/tmp/bizstack-x.zip')", 344],
    ["SELECT 1 INTO OUTFILE '/tmp/bizstack-x'", 238],
    ["INSERT INTO t FROM INFILE '/etc/passwd' FORMAT LineAsString", 48],
    ['SYSTEM SHUTDOWN', 344],
    ['SYSTEM KILL', 344],
    ['DROP DATABASE default', 344],
    ['DETACH DATABASE IF EXISTS `default`', 344],
  ])('%s is refused with code %i', async (sql, code) => {
    const response = await server.request('/', { method: 'POST', body: sql });
    const text = await response.text();
    expect([response.headers.get('x-clickhouse-exception-code'), text]).toEqual([
      String(code),
      expect.stringMatching(new RegExp(`^Code: ${code}\\.`)) as string,
    ]);
    expect(text).not.toContain('root:');
  });

  it.each([
    ['compress=1', 48],
    ['decompress=1', 48],
    ['role=admin', 511],
    ['replace_running_query=1', 48],
    ['wait_end_of_query=maybe', 36],
    ['session_check=2', 36],
    ['http_zlib_compression_level=99', 36],
    ['external_structure=a+UInt8', 115],
    ['nonsense', 115],
    ['a%60b=1', 115],
    ['param_a%3Bb=1', 36],
    ['database=nope', 81],
  ])('the parameter %s is refused with code %i', async (parameter, code) => {
    const response = await server.request(`/?${parameter}`, { method: 'POST', body: 'SELECT 1' });
    expect([response.headers.get('x-clickhouse-exception-code'), await response.text()]).toEqual([
      String(code),
      expect.stringMatching(/^Code: /) as string,
    ]);
  });

  it.each([
    'compress=0',
    'stacktrace=1',
    'quota_key=a',
    'client_protocol_version=54405',
    'database=',
    'session_id=',
  ])('the parameter %s does no harm', async (parameter) => {
    const response = await server.request(`/?${parameter}`, { method: 'POST', body: 'SELECT 1' });
    expect(await response.text()).toBe('1\n');
  });

  it('an external table is refused', async () => {
    const form = new FormData();
    form.set('query', 'SELECT 1');
    form.set('rows', new Blob(['1\n']), 'rows.tsv');
    const response = await server.request('/', { method: 'POST', body: form });
    expect(response.headers.get('x-clickhouse-exception-code')).toBe('48');
    expect(await response.text()).toContain('External tables');
  });

  it('a form with text fields is served', async () => {
    const form = new FormData();
    form.set('query', 'SELECT {a:String}');
    form.set('param_a', 'x --y');
    const response = await server.request('/', { method: 'POST', body: form });
    expect(await response.text()).toBe('x --y\n');
  });

  it('reading the web is allowed', async () => {
    const query = `SELECT * FROM url('${server.url}/ping', LineAsString)`;
    expect(await server.sql(query)).toBe('Ok.');
  });
});
