declare module 'swagger-ui-dist/swagger-ui-es-bundle.js' {
  /** Shows a document; what it takes is in the documentation of Swagger UI. */
  const show: (options: Readonly<Record<string, unknown>>) => unknown
  export default show
}
