import { type KubernetesObject, templateOf } from './rendered.ts';
import { isMap, type Values } from './values.ts';

const SERVICE = /^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$/;
const OTHER = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const LABEL = /^(([A-Za-z0-9][-\w.]{0,61})?[A-Za-z0-9])?$/;
/** Most characters that Kubernetes takes in the name of an object, by its kind; a Job and a pod get the rest of 63 from their makers. */
const LONGEST: Record<string, number> = { CronJob: 52, Deployment: 63, Job: 63, Service: 63, StatefulSet: 63 };

/** What the API server would refuse of names, namespaces, labels and selectors, one line each; none when it takes all. */
export function refusedNames(objects: readonly KubernetesObject[]): string[] {
  const pods = objects.flatMap((object) => {
    const labels = (templateOf(object)?.metadata as Values | undefined)?.labels;
    return isMap(labels) ? [labels] : [];
  });
  return objects.flatMap((object) => {
    const { kind, metadata, spec } = object;
    const { name, namespace, labels } = metadata as unknown as Values;
    const where = `${kind} ${name}`;
    const isName = typeof name === 'string' && (kind === 'Service' ? SERVICE : OTHER).test(name);
    const isShort = String(name).length <= (LONGEST[kind] ?? 253);
    const template = templateOf(object)?.metadata as Values | undefined;
    const selector = (spec as Values | undefined)?.selector;
    const selected = isMap(selector) ? (kind === 'Service' ? selector : selector.matchLabels) : undefined;
    return [
      ...(isName && isShort ? [] : [`${where} is no name`]),
      ...(typeof namespace === 'string' ? [] : [`${where} is in ${namespace}`]),
      ...[labels, template?.labels, selected].flatMap((found) => refusedLabels(where, found)),
      ...(isMap(selected) && !pods.some((pod) => shows(pod, selected)) ? [`${where} selects no pod`] : []),
    ];
  });
}

const refusedLabels = (where: string, labels: unknown): string[] =>
  Object.entries(isMap(labels) ? labels : {})
    .filter(([, value]) => typeof value !== 'string' || !LABEL.test(value))
    .map(([key, value]) => `${where} has ${key}=${JSON.stringify(value)}`);

const shows = (labels: Values, selected: Values): boolean =>
  Object.entries(selected).every(([key, value]) => labels[key] === value);
