import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { PAYMENT_EVENTS, TOPICS, toRecord } from '@connector/contracts';
import { createKafka, createProducer, ensureTopics, type Kafka, kafkaConfig, type Producer } from '@connector/kafka';
import { parseConfig } from '@connector/lifecycle';
import { type CommercetoolsSimulator, startCommercetoolsSimulator } from '@connector/simulator-commercetools';
import { type StripeSimulator, startStripeSimulator } from '@connector/simulator-stripe';
import { createLogger } from '@connector/telemetry';
import Stripe from 'stripe';
import { expect } from 'vitest';
import * as z from 'zod';
import { type KafkaVariables, sharedKafka } from '../shared-kafka.ts';

const SERVICE = new URL('../../../../services/ledger/src', import.meta.url).pathname;
const HOURS_AGO = 3 * 60 * 60 * 1000;

export type LedgerCommand = 'audit' | 'explain' | 'reconcile-pending' | 'redrive' | 'unordered';

/** Stripe's customer, and metadata of the PaymentIntent. */
export interface Opening {
  readonly withPayment?: boolean;
  readonly customer?: string;
  readonly cart_id?: string;
  readonly ct_customer_id?: string;
}

/** What a command printed, and how it ended. */
export interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly told: string;
}

/** A ledger on the shared broker, with both sides simulated. What is made at these is three hours old: commands leave younger transactions to the webhooks. */
export class RunningLedger {
  readonly commercetools: CommercetoolsSimulator;
  readonly stripeSimulator: StripeSimulator;
  readonly stripe: Stripe;
  readonly kafka: Kafka;
  readonly producer: Producer;
  readonly environment: Record<string, string>;
  /** What the commands printed, with their command lines. */
  readonly transcript: string[] = [];
  ledger: ChildProcess;

  private constructor(
    variables: KafkaVariables,
    commercetools: CommercetoolsSimulator,
    stripeSimulator: StripeSimulator,
    { kafka, producer }: { kafka: Kafka; producer: Producer },
  ) {
    this.commercetools = commercetools;
    this.stripeSimulator = stripeSimulator;
    this.kafka = kafka;
    this.producer = producer;
    const { hostname, port } = new URL(stripeSimulator.url);
    this.stripe = new Stripe('sk_test_1', { host: hostname, port, protocol: 'http', telemetry: false });
    this.environment = {
      PATH: process.env.PATH ?? '',
      ...variables,
      CTP_PROJECT_KEY: 'shop',
      CTP_CLIENT_ID: commercetools.clientId,
      CTP_CLIENT_SECRET: commercetools.clientSecret,
      CTP_AUTH_URL: commercetools.url,
      CTP_API_URL: commercetools.url,
      CTP_CHECKOUT_URL: commercetools.url,
      STRIPE_SECRET_KEY: 'sk_test_1',
      STRIPE_API_BASE: stripeSimulator.url,
      METRICS_PORT: '0',
    };
    this.ledger = this.#spawn('main');
  }

  static async start(): Promise<RunningLedger> {
    const now = () => Date.now() - HOURS_AGO;
    const [variables, commercetools, stripeSimulator] = await Promise.all([
      sharedKafka(),
      startCommercetoolsSimulator({ now, projectKey: 'shop' }),
      startStripeSimulator({ now }),
    ]);
    const kafka = createKafka(parseConfig(z.object(kafkaConfig), variables), {
      clientId: 'test',
      log: createLogger('test', 'silent'),
    });
    await ensureTopics(kafka, TOPICS);
    const producer = createProducer(kafka);
    await producer.start?.();
    return new RunningLedger(variables, commercetools, stripeSimulator, { kafka, producer });
  }

  async stop(): Promise<void> {
    if (this.ledger.exitCode === null) {
      this.ledger.kill('SIGTERM');
      await once(this.ledger, 'exit');
    }
    await this.producer.stop?.();
    await Promise.all([this.commercetools.close(), this.stripeSimulator.close()]);
  }

  /** Runs a command as a Job does: no terminal. `redrive` gets the variables of Kafka alone. */
  async command(name: LedgerCommand, ...args: string[]): Promise<Ran> {
    const { PATH = '', KAFKA_BROKERS = '', KAFKA_TOPIC_PREFIX = '' } = this.environment;
    const env = name === 'redrive' ? { PATH, KAFKA_BROKERS, KAFKA_TOPIC_PREFIX } : this.environment;
    const child = spawn(process.execPath, [`commands/${name}.ts`, ...args], { cwd: SERVICE, env });
    let [out, told] = ['', ''];
    child.stdout.on('data', (chunk) => {
      out += chunk;
    });
    child.stderr.on('data', (chunk) => {
      told += chunk;
    });
    const [code] = await once(child, 'close');
    this.transcript.push(`$ ${name} ${args.join(' ')}`, out, told, `exit code ${code}`);
    return { code, out, told };
  }

  /** A PaymentIntent over 49.99 EUR and its payment, as intent opens them. */
  async opened({
    withPayment = true,
    customer,
    ...given
  }: Opening = {}): Promise<{ id: string; key: string; paymentId: string }> {
    const key = `cart-${crypto.randomUUID()}-1`;
    const { id } = await this.stripe.paymentIntents.create({
      amount: 4_999,
      currency: 'eur',
      automatic_payment_methods: { enabled: true },
      metadata: { ct_project_key: 'shop', cart_id: 'cart', ct_payment_key: key, ...given },
      ...(customer && { customer }),
    });
    if (!withPayment) return { id, key, paymentId: '' };
    const payment = await this.post<{ id: string }>('/payments', {
      key,
      amountPlanned: { centAmount: 4_999, currencyCode: 'EUR' },
      paymentMethodInfo: { paymentInterface: 'checkout-stripe' },
      interfaceId: id,
    });
    return { id, key, paymentId: payment.id };
  }

  /** Puts the newest of Stripe's events about an object on Kafka, as the webhook does; answers the event's id. */
  async deliver(paymentIntentId: string, type: string, about = paymentIntentId): Promise<string> {
    const events = [...this.stripeSimulator.controls.events()].toReversed();
    const event = events.find((one) => one.type === type && one.body.includes(about));
    if (!event) throw new Error(`no ${type}`);
    const attributes = { id: event.id, source: '/stripe', type: `com.stripe.${type}`, time: new Date().toISOString() };
    const record = toRecord(paymentIntentId, { ...attributes, subject: paymentIntentId }, Buffer.from(event.body));
    await this.producer.send(PAYMENT_EVENTS, record);
    return event.id;
  }

  /** Asks commercetools as somebody with every right; answers the resource. Throws AssertionError when it is refused. */
  async post<T>(path: string, body: object): Promise<T> {
    return this.#call('POST', path, body);
  }

  /** Deletes a resource of commercetools; the path names its version. Throws AssertionError when it is refused. */
  async remove(path: string): Promise<void> {
    await this.#call('DELETE', path);
  }

  async #call<T>(method: string, path: string, body?: object): Promise<T> {
    const answer = await fetch(`${this.commercetools.url}/shop${path}`, {
      method,
      headers: { authorization: `Bearer ${this.commercetools.issueToken()}`, 'content-type': 'application/json' },
      ...(body && { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    expect(answer.status, text).toBeLessThan(300);
    return JSON.parse(text) as T;
  }

  #spawn(name: string): ChildProcess {
    return spawn(process.execPath, [`${name}.ts`], { cwd: SERVICE, env: this.environment, stdio: 'ignore' });
  }
}
