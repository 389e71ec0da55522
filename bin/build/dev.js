import './jsx-hook.js'

await import('../run.js')
