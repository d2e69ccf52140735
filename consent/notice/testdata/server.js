// A mail server that takes one letter over STARTTLS and writes it down as a line of JSON.
const fs = require('fs');
const { SMTPServer } = require('../../../.ci/node_modules/smtp-server');
const server = new SMTPServer({
  cert: fs.readFileSync(process.argv[2]), key: fs.readFileSync(process.argv[3]), authOptional: true, logger: false,
  onData(stream, session, done) {
    let text = '';
    stream.setEncoding('utf8');
    stream.on('data', (part) => { text += part; });
    stream.on('end', () => {
      const { mailFrom, rcptTo } = session.envelope;
      console.log(JSON.stringify({ From: mailFrom.address, To: rcptTo[0].address, Text: text, Secure: session.secure }));
      done();
    });
  },
});
server.listen(0, '127.0.0.1', function () { console.log(server.server.address().port); });
