export function firstLoad(dist: string): { script: number; style: number };
