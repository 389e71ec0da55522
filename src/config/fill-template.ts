import { type Preset, presetPlans } from './presets.ts'

/** What may differ from the template in what `gatez init` writes. What is left out stays as it is. */
export interface TemplateAnswers {
  /** The address clients call, as `parseListen` reads it. */
  readonly listen?: string | undefined
  /** The API behind, as `parseUpstream` returns it. */
  readonly upstream?: string | undefined
  readonly preset?: Preset | undefined
  /** Names of the plans, smallest first. */
  readonly planNames?: readonly string[] | undefined
  /** Absolute path of the folder it is written to: some files name it. */
  readonly folder?: string | undefined
}

/**
 * Puts the answers into one file of a template.
 *
 * Addresses are found by the value they have in the template, so the template itself is a file that
 * works. They stand in quotes there, and no URL or address can end those.
 */
export function fillTemplate(name: string, text: string, answers: TemplateAnswers): string {
  const { upstream, listen, folder, preset, planNames } = answers
  const movesControl = listen?.endsWith(':8081') ?? false
  const values: Readonly<Record<string, string | undefined>> = {
    [UPSTREAM]: upstream,
    // A file that is no configuration tells people where to call: some host, not every one.
    [LISTEN]: name === 'gatez.yaml' ? listen : listen?.replace(/^(?:|0\.0\.0\.0|\[::\]):/, 'localhost:'),
    [CONTROL]: movesControl ? '127.0.0.1:8082' : undefined,
    [FOLDER]: folder,
  }
  const whole = name === 'gatez.yaml' && movesControl ? withControl(text) : text
  // In one go: what was put in is not looked at again.
  const filled = whole.replaceAll(PLACES, (found) => values[found] ?? found)
  if (name !== 'gatez.yaml' || (preset === undefined && planNames === undefined)) return filled
  // The plans are the last thing in the file.
  return filled.replace(/^plans:\n[\s\S]*/m, () => presetPlans(preset, planNames))
}

const LISTEN = '127.0.0.1:8080'
const UPSTREAM = 'http://127.0.0.1:9000'
const CONTROL = '127.0.0.1:8081'
const FOLDER = '/srv/gatez'
const PLACES = /http:\/\/127\.0\.0\.1:9000|127\.0\.0\.1:808[01]|\/srv\/gatez/g

// The gateway wants the port that control has by default: then control must be in the file, to get another.
function withControl(text: string): string {
  if (text.includes(CONTROL)) return text
  return text.replace(/^gateway:.*$/m, (line) => `${line}\ncontrol: { listen: "${CONTROL}" } # yours alone`)
}
