// Bolt for Node as its documentation shows it: its own server, its defaults. A press is acknowledged and opens a window.
//
//     node app.js PORT VIEW.json

const { readFileSync } = require("node:fs");
const { App, LogLevel } = require("@slack/bolt");

const [port, file] = process.argv.slice(2);
const view = JSON.parse(readFileSync(file, "utf8"));
const app = new App({
  token: process.env.SLACK_BOT_TOKEN,
  signingSecret: process.env.SLACK_SIGNING_SECRET,
  clientOptions: { slackApiUrl: process.env.SLACK_API_URL },
  logLevel: LogLevel.ERROR,
});

app.action(/.*/, async ({ ack, body, client }) => {
  await ack();
  await client.views.open({ trigger_id: body.trigger_id, view });
});

app.start({ port: Number(port), host: "127.0.0.1" });
