/** A broker as people have them at home, in this process, and whoever publishes on it. */

import { createServer, type Server, type Socket } from 'node:net';
import { Aedes, type PublishPacket } from 'aedes';
import mqtt, { type MqttClient } from 'mqtt';

export type HomeBrokerOptions = {
  /** Refuses connections without this password. */
  readonly password?: string;
  /** Filters that nobody may read. */
  readonly hidden?: readonly string[];
};

export class HomeBroker {
  private readonly options: HomeBrokerOptions;
  private port = 0;
  private aedes: Aedes | null = null;
  private server: Server | null = null;
  private readonly sockets = new Set<Socket>();
  private publisher: MqttClient | null = null;
  /** Everything that was published, by whomever. */
  readonly heard: { readonly topic: string; readonly payload: string }[] = [];
  /** How many have subscribed to something since the last start. */
  subscriptions = 0;

  constructor(options: HomeBrokerOptions = {}) {
    this.options = options;
  }

  get url(): string {
    return `mqtt://127.0.0.1:${this.port}`;
  }

  /** Again on the same port, with nothing kept. */
  async open(): Promise<this> {
    const { password, hidden = [] } = this.options;
    const aedes = await Aedes.createBroker({
      authenticate: (_client, _user, given, done) =>
        done(null, password === undefined || given?.toString() === password),
      authorizeSubscribe: (_client, subscription, done) =>
        done(null, hidden.includes(subscription.topic) ? null : subscription),
    });
    aedes.on('publish', ({ topic, payload }, client) => {
      if (client !== null) this.heard.push({ topic, payload: payload.toString() });
    });
    aedes.on('subscribe', () => this.subscriptions++);
    const server = createServer({ noDelay: true }, (socket) => {
      this.sockets.add(socket);
      socket.on('error', () => {});
      aedes.handle(socket);
    });
    await new Promise<void>((listening) => server.listen(this.port, '127.0.0.1', listening));
    this.port = (server.address() as { port: number }).port;
    this.aedes = aedes;
    this.server = server;
    this.publisher = await mqtt.connectAsync(this.url, {
      reconnectPeriod: 0,
      ...(password === undefined ? {} : { username: 'test', password }),
    });
    return this;
  }

  /** Until it closes. */
  onPublish(listener: (packet: PublishPacket) => void): void {
    this.aedes!.on('publish', (packet) => listener(packet));
  }

  /** Without a goodbye to anybody. */
  async close(): Promise<void> {
    this.publisher?.end(true);
    for (const socket of this.sockets) socket.destroy();
    this.sockets.clear();
    const { aedes, server } = this;
    if (server !== null) await new Promise<void>((closed) => server.close(() => closed()));
    if (aedes !== null) await new Promise<void>((closed) => aedes.close(() => closed()));
    this.server = null;
    this.aedes = null;
    this.subscriptions = 0;
  }

  async publish(topic: string, payload: string | Buffer, retain = false): Promise<void> {
    await this.publisher!.publishAsync(topic, payload, { qos: 1, retain });
  }

  /** A device that answers: what it publishes when something comes on a topic. */
  async answer(
    filter: string,
    reply: (topic: string, payload: string) => readonly (readonly [string, string])[],
  ): Promise<void> {
    await this.publisher!.subscribeAsync(filter, { qos: 1 });
    this.publisher!.on('message', (topic, payload) => {
      for (const [to, text] of reply(topic, payload.toString()))
        this.publisher!.publish(to, text, { qos: 1 });
    });
  }
}
