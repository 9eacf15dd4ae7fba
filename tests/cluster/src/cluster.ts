import { setTimeout as sleep } from 'node:timers/promises';
import { chartTool } from '../../../scripts/helm.mjs';
import { type Ended, ended, output } from './shell.ts';

// biome-ignore lint/suspicious/noExplicitAny: Kubernetes objects as kubectl prints them; each reader knows what it asked for
export type KubernetesObject = any;

/** One namespace of the cluster that KUBECONFIG names, through kubectl and helm. */
export class Cluster {
  readonly namespace: string;
  readonly #helm: string;

  private constructor(namespace: string, helm: string) {
    this.namespace = namespace;
    this.#helm = helm;
  }

  /** Throws Error when kubectl is missing or no cluster answers. */
  static async connect(namespace: string): Promise<Cluster> {
    const cluster = new Cluster(namespace, await chartTool('helm'));
    await output('kubectl', ['get', '--raw', '/readyz']);
    return cluster;
  }

  /** Throws Error with kubectl's message. */
  kubectl = (args: readonly string[], input?: string): Promise<string> =>
    output('kubectl', ['-n', this.namespace, ...args], input === undefined ? {} : { input });

  tryKubectl = (args: readonly string[], input?: string): Promise<Ended> =>
    ended('kubectl', ['-n', this.namespace, ...args], input === undefined ? {} : { input });

  helm = (args: readonly string[]): Promise<string> => output(this.#helm, ['-n', this.namespace, ...args]);
  tryHelm = (args: readonly string[]): Promise<Ended> => ended(this.#helm, ['-n', this.namespace, ...args]);

  async objects(kind: string, selector?: string): Promise<KubernetesObject[]> {
    const text = await this.kubectl(['get', kind, ...(selector ? ['-l', selector] : []), '-o', 'json']);
    return (JSON.parse(text) as { items: KubernetesObject[] }).items;
  }

  /** The namespace, with the Pod Security Standard that the chart promises to keep. */
  async makeNamespace(): Promise<void> {
    const levels = ['enforce', 'warn'].map((mode) => `pod-security.kubernetes.io/${mode}=restricted`);
    await ended('kubectl', ['create', 'namespace', this.namespace]);
    await output('kubectl', ['label', '--overwrite', 'namespace', this.namespace, ...levels]);
  }

  removeNamespace = (): Promise<Ended> =>
    ended('kubectl', ['delete', 'namespace', this.namespace, '--wait=true', '--timeout=120s']);

  /** `kind/name` of every object of the namespace, except those that Kubernetes itself creates in each. */
  async everything(selector?: string): Promise<string[]> {
    const kinds = (await output('kubectl', ['api-resources', '--namespaced', '--verbs=list', '-o', 'name']))
      .split('\n')
      .filter((kind) => kind && !/^(events(\..+)?|pods\.metrics\.k8s\.io)$/.test(kind));
    const args = ['get', kinds.join(','), '-o', 'name', '--ignore-not-found', ...(selector ? ['-l', selector] : [])];
    return (await this.kubectl(args))
      .split('\n')
      .filter((name) => name && name !== 'configmap/kube-root-ca.crt' && name !== 'serviceaccount/default')
      .toSorted();
  }

  /** Waits until only objects that `isExpected` allows are left; returns the others. */
  async untilGone(isExpected: (name: string) => boolean, withinMs: number): Promise<string[]> {
    const deadline = Date.now() + withinMs;
    for (;;) {
      const left = (await this.everything()).filter((name) => !isExpected(name));
      if (left.length === 0 || Date.now() > deadline) return left;
      await sleep(1_000);
    }
  }
}
