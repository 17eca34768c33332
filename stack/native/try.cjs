const setup=require('@bizstack/native/testing/global-setup').default, down=require('@bizstack/native/testing/global-teardown').default;
const {testFacts}=require('@bizstack/native/testing');
(async()=>{ await setup({}, {testEnvironmentOptions:{services:process.argv.slice(2)}});
for (const s of process.argv.slice(2)) console.log(s, testFacts(s).url??testFacts(s).address);
await down(); console.error('down', process.getActiveResourcesInfo()) })().catch(e=>{console.error(e);process.exit(1)});
