import { GatezCommand } from '../../src/cli/gatez-command.ts'
import { processEnvironment, remoteFromEnvironment } from '../../src/config/environment.ts'
import { loadConfig } from '../../src/config/load-config.ts'
import { type RouteView, viewRoutes } from '../../src/config/route-view.ts'
import { ControlClient } from '../../src/control/client.ts'

export default class RoutesList extends GatezCommand {
  static override summary = 'List the routes of the file, with what they cost and which plans open them.'
  static override description =
    'Reads the file only. A call goes to the most specific route that matches its method and path; a call that no ' +
    'route matches is answered 404. --json adds hosts and the methods one by one.'
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --config staging.yaml --json',
  ]

  async run(): Promise<readonly RouteView[]> {
    const { flags } = await this.parse(RoutesList)

    const env = processEnvironment()
    const remote = remoteFromEnvironment(env, flags.config)
    const routes =
      remote === undefined
        ? viewRoutes(loadConfig(flags.config, env))
        : await new ControlClient(remote).all('listRoutes', {})
    this.table(
      [
        { title: 'ROUTE', whole: true },
        { title: 'API' },
        { title: 'MATCH' },
        { title: 'COST', align: 'right' },
        { title: 'REQUIRES' },
        { title: 'PLANS' },
      ],
      routes.map((route) => [
        route.id,
        route.api,
        `${route.methods.join(',') || 'ANY'} ${route.path}`,
        String(route.cost),
        route.requires.join(', ') || '–',
        route.auth === 'none' ? 'open to all' : route.plans.join(', ') || 'none',
      ]),
      'The file has no routes.',
    )
    return routes
  }
}
