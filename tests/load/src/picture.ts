import { join } from 'node:path';
import { REPOSITORY } from '@connector/sandbox';
import chromium from '@sparticuz/chromium';
import { chromium as playwright } from 'playwright-core';

const WIDTH = 1180;

/** A PNG of a whole page into docs/images, by the Chromium from npm; answers the file. */
export async function pictureOf(html: string, name: string): Promise<string> {
  const file = join(REPOSITORY, 'docs/images', name);
  const browser = await playwright.launch({
    executablePath: await chromium.executablePath(),
    args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--hide-scrollbars'],
  });
  try {
    const page = await browser.newPage({ viewport: { width: WIDTH, height: 800 }, colorScheme: 'light' });
    await page.setContent(html);
    await page.screenshot({ path: file, fullPage: true });
  } finally {
    await browser.close();
  }
  return file;
}
