import type { Address, Hex } from 'viem'
import type { Anvil } from '../chain/anvil.ts'
import { artifactIn, compileOwn } from '../chain/compile.ts'
import { createDeployer } from '../chain/deployer.ts'
import type { AaveMarket } from '../chain/market.ts'

const MULTICALL3: Address = '0xcA11bde05977b3631167028862bE2a173976CA11'

/** Puts the public Multicall3 at its address. */
export const placeMulticall3 = async (anvil: Anvil, { admin }: Pick<AaveMarket, 'admin'>): Promise<void> => {
  const { deploy } = createDeployer(anvil, admin, artifactIn(await compileOwn()))
  const code = await anvil.rpc<Hex>('eth_getCode', [await deploy('Multicall3'), 'latest'])
  await anvil.rpc('anvil_setCode', [MULTICALL3, code])
}
