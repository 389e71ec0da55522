import 'swagger-ui-dist/swagger-ui.css'
import './swagger.css'
import SwaggerUi from 'swagger-ui-dist/swagger-ui-es-bundle.js'

/** Shows an OpenAPI document in a place of the page; what is tried carries the proof that this page asked. */
export function showReference(place: HTMLElement, shown: ShownReference): void {
  SwaggerUi({
    domNode: place,
    spec: shown.document,
    docExpansion: 'list',
    defaultModelsExpandDepth: -1,
    supportedSubmitMethods: shown.canTry ? METHODS : [],
    tryItOutEnabled: shown.canTry,
    // Nothing is asked of any other host: not the validator of Swagger, not what a document names.
    validatorUrl: null,
    requestInterceptor: (request: TriedRequest) => ({
      ...request,
      headers: { ...request.headers, 'x-csrf-token': shown.csrfToken },
    }),
    responseInterceptor: (response: object) => {
      shown.onAnswer()
      return response
    },
    onComplete: shown.onReady,
  })
}

export interface ShownReference {
  readonly document: object
  readonly csrfToken: string
  readonly canTry: boolean
  readonly onAnswer: () => void
  readonly onReady: () => void
}

interface TriedRequest {
  readonly headers?: Readonly<Record<string, string>>
}

const METHODS = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch']
