import fs from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { firstLoad } from '../../tools/first-load.mjs';

const dist = fileURLToPath(new URL('../../web/dist/', import.meta.url));

test('the first page loads at most 300 KB of compressed script', () => {
  const { script } = firstLoad(dist);
  expect(script).toBeGreaterThan(50_000);
  expect(script).toBeLessThanOrEqual(300_000);
});

test('index.html has no inline script, no inline style, and a place for the nonce', () => {
  const html = fs.readFileSync(`${dist}index.html`, 'utf8');
  expect(html).toContain('content="__CSP_NONCE__"');
  expect(html).not.toMatch(/<script(?![^>]*\bsrc=)|<style|\son\w+=|\sstyle=/);
});
