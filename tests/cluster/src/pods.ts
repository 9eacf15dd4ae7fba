import type { Cluster, KubernetesObject } from './cluster.ts';
import { type Findings, lines } from './findings.ts';
import { FULLNAME, RELEASE, SERVICES } from './release.ts';

/** How long each container took from its start to being ready, as the cluster saw it, in whole seconds. */
export async function startTimes(cluster: Cluster, found: Findings): Promise<void> {
  const pods = await cluster.objects('pods', `app.kubernetes.io/instance=${RELEASE}`);
  const times = pods.flatMap(({ metadata, status }) => {
    const started = status.containerStatuses?.[0]?.state?.running?.startedAt;
    const ready = status.conditions?.find(({ type }: KubernetesObject) => type === 'Ready')?.lastTransitionTime;
    const component = metadata.labels['app.kubernetes.io/component'];
    return started && ready ? [`${component} ${(Date.parse(ready) - Date.parse(started)) / 1000} s`] : [];
  });
  found.figure('container start to ready', [...new Set(times)].toSorted().join(', '));
}

/** `kubectl rollout restart` of every service; resolves when the new pods are ready. */
export async function restartAll(cluster: Cluster): Promise<void> {
  const names = SERVICES.map((name) => `deployment/${FULLNAME}-${name}`);
  await cluster.kubectl(['rollout', 'restart', ...names]);
  for (const name of names) await cluster.kubectl(['rollout', 'status', name, '--timeout=5m']);
}

/** Every pod of the services runs the image with this tag. */
export async function runsTag(cluster: Cluster, tag: string, found: Findings): Promise<void> {
  const selector = `app.kubernetes.io/instance=${RELEASE},app.kubernetes.io/component in (${SERVICES.join(',')})`;
  const pods = (await cluster.objects('pods', selector)).filter(({ metadata }) => !metadata.deletionTimestamp);
  const images: string[] = pods.map(({ spec }) => spec.containers[0].image);
  const wrong = images.filter((image) => !image.endsWith(`:${tag}`));
  found.check(images.length >= SERVICES.length && wrong.length === 0, `every service runs ${tag}`, wrong);
}

/** A container that restarted has crashed, unless it waited for the broker at the very beginning. */
export async function noRestarts(cluster: Cluster, found: Findings): Promise<void> {
  const pods = await cluster.objects('pods', `app.kubernetes.io/instance=${RELEASE}`);
  const restarted = pods.flatMap(({ metadata, status }) =>
    (status.containerStatuses ?? [])
      .filter(({ restartCount }: KubernetesObject) => restartCount > 0)
      .map(
        ({ name, restartCount, lastState }: KubernetesObject) =>
          `${metadata.name} ${name}: ${restartCount} × ${JSON.stringify(lastState.terminated ?? {})}`,
      ),
  );
  found.check(restarted.length === 0, 'no container crashed', restarted);
}

/** What a person would look at first. */
export async function whatIsWrong(cluster: Cluster): Promise<string[]> {
  const pods = await cluster.tryKubectl(['get', 'pods', '-o', 'wide']);
  const events = await cluster.tryKubectl([
    'get',
    'events',
    '--sort-by=.lastTimestamp',
    '--field-selector=type!=Normal',
  ]);
  return [...lines(pods.stdout), ...lines(events.stdout).slice(-12)];
}
