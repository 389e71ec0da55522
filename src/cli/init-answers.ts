import type { TemplateAnswers } from '../config/fill-template.ts'
import { presetPlanIds } from '../config/presets.ts'
import { checkedAddresses } from '../config/upstream-config.ts'
import type { Template } from '../config/write-template.ts'
import { GatezError } from '../errors/gatez-error.ts'

/** What `gatez init` was told. */
export interface InitAnswers extends TemplateAnswers {
  /** Undefined: nobody said. */
  readonly template?: Template | undefined
}

/** What is written when nobody says: the sample, or the file for one's own API when that is named. */
export function defaultTemplate({ upstream, preset }: InitAnswers): Template {
  return upstream === undefined && preset === undefined ? 'dataforge' : 'minimal'
}

/**
 * Completes the answers and checks them against each other; throws `invalid-parameter`.
 *
 * gatez must not listen where the API does, and only templates for one's own API take other plans.
 */
export function checkedAnswers(answers: InitAnswers): CheckedAnswers {
  const template = answers.template ?? defaultTemplate(answers)
  if (answers.preset !== undefined && !isOwnApi(template)) {
    const detail = `--preset ${answers.preset} has plans for minimal and production; ${template} has its own.`
    throw new GatezError('invalid-parameter', detail)
  }
  const { upstream, listen } = checkedAddresses({
    upstream: answers.upstream ?? 'http://127.0.0.1:9000',
    listen: answers.listen,
  })
  return { ...answers, template, listen, upstream: answers.upstream === undefined ? undefined : upstream }
}

export interface CheckedAnswers extends TemplateAnswers {
  readonly template: Template
}

/** Whether a template is for an API the user has already, not for a sample that comes with it. */
export function isOwnApi(template: Template): boolean {
  return SAMPLES[template] === undefined
}

/** The next three commands to type in the folder that was written. */
export function nextCommands({ template, upstream, preset, planNames }: CheckedAnswers): readonly string[] {
  const sample = SAMPLES[template]
  const plan = sample?.plan ?? presetPlanIds(preset, planNames)[0]
  const tenant = `gatez tenants create acme --plan ${plan}`
  const key = 'gatez keys create acme'
  if (template === 'production') return ['gatez config check', 'gatez serve &', `${tenant} && ${key}`]
  if (sample === undefined || upstream !== undefined) return ['gatez serve &', tenant, key]
  return [`node ${sample.script} &`, 'gatez serve &', `${tenant} && ${key}`]
}

const SAMPLES: { readonly [template in Template]?: { readonly plan: string; readonly script: string } } = {
  dataforge: { plan: 'free', script: 'upstream.js' },
  llm: { plan: 'trial', script: 'model.js' },
}
