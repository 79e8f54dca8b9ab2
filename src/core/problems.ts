import type { z } from 'zod'

/** What zod found wrong, one line a problem: the path of the key, and what is expected there. */
export const problemsOf = ({ issues }: z.ZodError, at: readonly string[] = []): readonly string[] =>
  issues.map((issue) => `${[...at, ...issue.path.map(String)].join('.') || '(root)'}: ${explain(issue)}`)

const explain = (issue: z.core.$ZodIssue): string => {
  if (issue.code === 'unrecognized_keys' && /^Unrecognized key/.test(issue.message))
    return `unknown key ${issue.keys.map((key) => `"${key}"`).join(', ')}`
  if (issue.code === 'invalid_key') return issue.issues[0]?.message ?? issue.message
  if (issue.code === 'invalid_value' && issue.values.length > 1)
    return `expected one of ${issue.values.map((value) => JSON.stringify(value)).join(', ')}`
  const message = issue.message.replace(/^(Invalid input|Too small|Too big): /, '')
  return message.endsWith(', received undefined')
    ? `missing, ${message.replace(/, received undefined$/, '')}`
    : message
}
