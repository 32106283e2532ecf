/** True if an earlier visit left something here. Asking opens, and so creates, nothing. */
export async function hasVisitedBefore(): Promise<boolean> {
  const names = await indexedDB.databases().catch(() => []);
  return names.some(({ name }) => name === 'starling-models' || name === 'starling-jobs');
}
