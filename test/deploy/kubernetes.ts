/** What is wrong with a manifest by the rules of the Kubernetes API, as sentences: fields that it does not know or lacks. */
export function manifestProblems(manifest: Manifest): readonly string[] {
  const rule = RULES[`${manifest.apiVersion} ${manifest.kind}`]
  if (rule === undefined) return [`${manifest.apiVersion} ${manifest.kind} is not known`]
  return problemsOf(manifest, rule, manifest.kind)
}

export interface Manifest {
  readonly apiVersion: string
  readonly kind: string
  readonly [field: string]: any
}

type Rule = 'text' | 'number' | 'flag' | 'texts' | readonly [Rule] | { readonly [field: string]: Rule }

/** A field that ends with `!` must be there; `*` stands for any name. The parts of the API (v1.31) that are used here. */
const META: Rule = {
  'name!': 'text',
  namespace: 'text',
  labels: { '*': 'text' },
  annotations: { '*': 'text' },
}
const SELECTOR: Rule = { matchLabels: { '*': 'text' } }
const PORTS: Rule = [{ 'port!': 'text', protocol: 'text' }]
const PROBE: Rule = {
  httpGet: { 'path!': 'text', 'port!': 'text' },
  tcpSocket: { 'port!': 'text' },
  periodSeconds: 'number',
  failureThreshold: 'number',
}
const CONTAINER: Rule = {
  'name!': 'text',
  'image!': 'text',
  args: 'texts',
  env: [{ 'name!': 'text', value: 'text' }],
  ports: [{ name: 'text', 'containerPort!': 'number' }],
  startupProbe: PROBE,
  readinessProbe: PROBE,
  livenessProbe: PROBE,
  resources: { requests: { '*': 'text' }, limits: { '*': 'text' } },
  securityContext: {
    allowPrivilegeEscalation: 'flag',
    readOnlyRootFilesystem: 'flag',
    capabilities: { drop: 'texts' },
  },
  volumeMounts: [{ 'name!': 'text', 'mountPath!': 'text', readOnly: 'flag' }],
}
const POD: Rule = {
  terminationGracePeriodSeconds: 'number',
  automountServiceAccountToken: 'flag',
  securityContext: {
    runAsNonRoot: 'flag',
    runAsUser: 'number',
    runAsGroup: 'number',
    fsGroup: 'number',
    seccompProfile: { 'type!': 'text' },
  },
  'containers!': [CONTAINER],
  volumes: [
    {
      'name!': 'text',
      persistentVolumeClaim: { 'claimName!': 'text' },
      configMap: { 'name!': 'text' },
      emptyDir: {},
    },
  ],
}
const HEAD = { 'apiVersion!': 'text', 'kind!': 'text', 'metadata!': META } as const

const RULES: Readonly<Record<string, Rule>> = {
  'v1 Namespace': HEAD,
  'v1 ConfigMap': { ...HEAD, data: { '*': 'text' } },
  'v1 PersistentVolumeClaim': {
    ...HEAD,
    'spec!': {
      'accessModes!': 'texts',
      'resources!': { 'requests!': { 'storage!': 'text' } },
      storageClassName: 'text',
    },
  },
  'apps/v1 Deployment': {
    ...HEAD,
    'spec!': {
      replicas: 'number',
      strategy: { type: 'text' },
      'selector!': SELECTOR,
      'template!': { 'metadata!': { labels: { '*': 'text' }, annotations: { '*': 'text' } }, 'spec!': POD },
    },
  },
  'v1 Service': {
    ...HEAD,
    'spec!': {
      selector: { '*': 'text' },
      'ports!': [{ name: 'text', 'port!': 'number', targetPort: 'text' }],
    },
  },
  'networking.k8s.io/v1 NetworkPolicy': {
    ...HEAD,
    'spec!': {
      'podSelector!': SELECTOR,
      policyTypes: 'texts',
      ingress: [{ from: [{ namespaceSelector: SELECTOR, podSelector: SELECTOR }], ports: PORTS }],
    },
  },
}

function problemsOf(value: unknown, rule: Rule, path: string): readonly string[] {
  if (typeof rule === 'string') return isOf(value, rule) ? [] : [`${path} must be a ${rule}`]
  if (Array.isArray(rule)) {
    if (!Array.isArray(value)) return [`${path} must be a list`]
    return value.flatMap((part, index) => problemsOf(part, rule[0], `${path}[${index}]`))
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [`${path} must be a map`]
  const fields = Object.entries(rule).map(
    ([name, of]) => [name.replace(/!$/, ''), of, name.endsWith('!')] as const,
  )
  const lacking = fields.filter(([name, , isNeeded]) => isNeeded && !(name in value))
  const found = Object.entries(value).flatMap(([name, part]) => {
    const of = fields.find(([known]) => known === name || known === '*')?.[1]
    return of === undefined ? [`${path}.${name} is no field of it`] : problemsOf(part, of, `${path}.${name}`)
  })
  return [...lacking.map(([name]) => `${path} lacks ${name}`), ...found]
}

function isOf(value: unknown, kind: string): boolean {
  if (kind === 'number') return Number.isInteger(value)
  if (kind === 'flag') return typeof value === 'boolean'
  if (kind === 'texts') return Array.isArray(value) && value.every((part) => typeof part === 'string')
  return typeof value === 'string'
}
