// node create-topics.cjs <brokers> <topics.json>: creates the topics that are missing.
const { createTopics } = require('/opt/bizstack/stack/native/dist/services/kafka-topics.js');

const [brokers, file] = process.argv.slice(2);
createTopics(brokers, file).then(
  () => console.log('topics are there'),
  (error) => {
    console.error(error.message);
    process.exitCode = 1;
  },
);
