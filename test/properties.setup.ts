import fc from 'fast-check'

/**
 * The same commit gives the same verdict: property tests draw from one seed. FAST_CHECK_SEED draws from another one
 * (`FAST_CHECK_SEED=$RANDOM npm test` looks for what the fixed one has not met).
 */
const seed = Number(process.env.FAST_CHECK_SEED ?? 20_261_125)
if (!Number.isSafeInteger(seed)) throw new Error('FAST_CHECK_SEED is no whole number')
fc.configureGlobal({ seed })
