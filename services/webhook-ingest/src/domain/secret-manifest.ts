export interface SecretPlace {
  readonly name: string;
  /** Key in the Secret. */
  readonly key: string;
  /** Undefined = kubectl's current namespace. */
  readonly namespace: string | undefined;
}

/**
 * A Kubernetes Secret with the signing secrets, the current one first, for `kubectl apply -f -`. Values are JSON
 * strings, which are valid YAML.
 */
export function secretManifest(
  { name, key, namespace }: SecretPlace,
  secrets: readonly string[],
  endpointId: string,
): string {
  const text = JSON.stringify;
  return `apiVersion: v1
kind: Secret
metadata:
  name: ${text(name)}${namespace === undefined ? '' : `\n  namespace: ${text(namespace)}`}
  labels:
    app.kubernetes.io/part-of: stripe-connector
  annotations:
    stripe-connector/webhook-endpoint: ${text(endpointId)}
type: Opaque
stringData:
  ${text(key)}: ${text(secrets.join(','))}
`;
}
