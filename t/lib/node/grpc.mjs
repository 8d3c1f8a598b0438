// gRPC as its users have it: npm's grpc-js as service and as client, and
// protobuf-ts's gRPC-Web client. Calls: service (its port), unary, stream, web.
//
// The service has /test.Echo/Unary, which answers with what it is told, and
// /test.Echo/Stream, which answers with each of its bytes. Messages are text;
// the metadata x-seen is what it got as x-consumer.

import { setTimeout as sleep } from 'node:timers/promises';

import { load, serve } from './peer.mjs';

const grpc = (await load('@grpc/grpc-js')).default;
const { GrpcWebFetchTransport } = await load('@protobuf-ts/grpcweb-transport');
const { MessageType } = await load('@protobuf-ts/runtime');

// A message with one string: field 1, its length, its bytes.
const Text = new MessageType('test.Text', [
  { no: 1, name: 'text', kind: 'scalar', T: 9 },
]);

const coding = {
  requestSerialize: (text) => Buffer.from(Text.toBinary({ text })),
  requestDeserialize: (bytes) => Text.fromBinary(bytes).text,
  responseSerialize: (text) => Buffer.from(Text.toBinary({ text })),
  responseDeserialize: (bytes) => Text.fromBinary(bytes).text,
};

const definition = {
  unary: { path: '/test.Echo/Unary', ...coding },
  stream: { path: '/test.Echo/Stream', responseStream: true, ...coding },
};

function seen(call) {
  const metadata = new grpc.Metadata();
  metadata.set('x-seen', call.metadata.get('x-consumer').join());
  call.sendMetadata(metadata);
}

const implementation = {
  unary(call, callback) {
    seen(call);
    callback(null, call.request);
  },

  async stream(call) {
    seen(call);
    for (const letter of call.request) {
      call.write(letter);
      await sleep(1);
    }
    call.end();
  },
};

const clients = new Map();

// One connection for all calls of a port.
function client(port) {
  if (!clients.has(port)) {
    clients.set(port, new grpc.Client(`127.0.0.1:${port}`,
      grpc.credentials.createInsecure()));
  }
  return clients.get(port);
}

function metadataOf(fields = {}) {
  const metadata = new grpc.Metadata();
  for (const [name, value] of Object.entries(fields)) metadata.set(name, value);
  return metadata;
}

// Binary values in base64.
function plain(metadata) {
  return Object.fromEntries(Object.entries(metadata?.getMap() ?? {}).map(
    ([name, value]) => [name, value.toString(Buffer.isBuffer(value) ? 'base64' : undefined)],
  ));
}

function outcome(status, messages, header) {
  return {
    code: status.code, details: status.details, messages,
    header: plain(header), trailer: plain(status.metadata),
  };
}

const options = () => ({ deadline: Date.now() + 30000 });

await serve({
  service: () => new Promise((resolve, reject) => {
    const server = new grpc.Server();
    server.addService(definition, implementation);
    server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(),
      (err, port) => (err ? reject(err) : resolve(port)));
  }),

  unary: ({ port, prefix = '', metadata, text }) => new Promise((resolve) => {
    const messages = [];
    let header;
    const call = client(port).makeUnaryRequest(
      prefix + definition.unary.path, coding.requestSerialize,
      coding.responseDeserialize, text, metadataOf(metadata), options(),
      (err, message) => { if (!err) messages.push(message); },
    );
    call.on('metadata', (m) => { header = m; });
    call.on('status', (status) => setImmediate(
      () => resolve(outcome(status, messages, header)),
    ));
  }),

  stream: ({ port, prefix = '', metadata, text }) => new Promise((resolve) => {
    const messages = [];
    let header;
    const call = client(port).makeServerStreamRequest(
      prefix + definition.stream.path, coding.requestSerialize,
      coding.responseDeserialize, text, metadataOf(metadata), options(),
    );
    call.on('data', (message) => messages.push(message));
    call.on('error', () => {});
    call.on('metadata', (m) => { header = m; });
    call.on('status', (status) => resolve(outcome(status, messages, header)));
  }),

  async web({ url, format, metadata, text }) {
    const transport = new GrpcWebFetchTransport({ baseUrl: url, format });
    const method = {
      service: { typeName: 'test.Echo' }, name: 'Unary', I: Text, O: Text,
    };
    const call = transport.unary(method, { text }, transport.mergeOptions(
      { meta: metadata, timeout: 30000 },
    ));
    try {
      const { response } = await call;
      return { code: 'OK', messages: [response.text] };
    } catch (err) {
      return { code: err.code, details: err.message, trailer: err.meta };
    }
  },
});
