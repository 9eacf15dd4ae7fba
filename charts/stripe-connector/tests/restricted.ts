import type { Pod } from './rendered.ts';

/** Volume types that the Pod Security Standard "restricted" allows. */
const VOLUMES = new Set([
  'configMap',
  'csi',
  'downwardAPI',
  'emptyDir',
  'ephemeral',
  'persistentVolumeClaim',
  'projected',
  'secret',
]);

/**
 * What of a pod breaks the Pod Security Standard "restricted", and what goes beyond it: a writable root file system, a mounted service
 * account token, and resources that are not set.
 */
export function violationsOf({ owner, spec, all }: Pod): string[] {
  const found: string[] = [];
  const mustBe = (isFine: boolean, what: string) => {
    if (!isFine) found.push(`${owner}: ${what}`);
  };
  for (const host of ['hostNetwork', 'hostPID', 'hostIPC']) mustBe(!spec[host], `${host} is on`);
  mustBe(spec.automountServiceAccountToken === false, 'a service account token is mounted');
  mustBe(spec.enableServiceLinks === false, 'service links fill the environment');
  for (const volume of spec.volumes ?? []) {
    const type = Object.keys(volume).find((key) => key !== 'name') ?? 'none';
    mustBe(VOLUMES.has(type), `volume ${volume.name} is of type ${type}`);
  }
  for (const { name, image, securityContext = {}, resources, ports } of all) {
    const { capabilities, seccompProfile } = securityContext;
    const of = (key: string) => securityContext[key] ?? spec.securityContext?.[key];
    mustBe(of('runAsNonRoot') === true, `${name} may run as root`);
    mustBe(of('runAsUser') !== 0, `${name} runs as root`);
    mustBe(!securityContext.privileged, `${name} is privileged`);
    mustBe(securityContext.allowPrivilegeEscalation === false, `${name} may gain privileges`);
    mustBe(capabilities?.drop?.includes('ALL') === true, `${name} keeps capabilities`);
    mustBe(
      (capabilities?.add ?? []).every((each) => each === 'NET_BIND_SERVICE'),
      `${name} adds capabilities`,
    );
    const seccomp = (seccompProfile ?? spec.securityContext?.seccompProfile) as { type?: string } | undefined;
    mustBe(['RuntimeDefault', 'Localhost'].includes(seccomp?.type ?? ''), `${name} has no seccomp profile`);
    mustBe(securityContext.readOnlyRootFilesystem === true, `${name} may write to its root file system`);
    mustBe(!JSON.stringify(ports ?? []).includes('hostPort'), `${name} takes a port of the node`);
    const { requests = {}, limits = {} } = resources ?? {};
    mustBe(Boolean(requests.cpu && requests.memory && limits.memory), `${name} has no resources`);
    mustBe(/:[^/]+$/.test(image) && !image.endsWith(':latest'), `${name} has the image ${image}`);
  }
  return found;
}
