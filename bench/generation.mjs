export async function benchGeneration() {
  throw new Error('x');
}
