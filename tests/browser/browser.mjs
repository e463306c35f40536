// Debian's Chromium, driven for the tests beside this file: where the stack is, how a page is opened,
// and what must never happen on one (a blocked resource, a script error).
import fs from 'node:fs';
import { createRequire } from 'node:module';
import { chromium } from 'playwright-core';

const require = createRequire(import.meta.url);
const axeSource = fs.readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');

const value = (name) => {
  if (!process.env[name]) throw new Error(`${name} is not set: run ./dev test browser, which starts a stack`);
  return process.env[name];
};

export const gateway = value('VA_URL');
export const provider = value('VA_IDP_URL');
export const flowCookie = '__Host-va_flow';
export const sessionCookie = '__Host-va_session';

// Chromium's sandbox refuses root, and nothing here is a stranger's page. It looks nothing up: it has
// no network but this machine's.
export const launch = () =>
  chromium.launch({
    executablePath: process.env.VA_CHROMIUM ?? '/usr/bin/chromium',
    headless: true,
    args: [
      '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
      '--disable-background-networking', '--disable-component-update', '--disable-sync',
      '--disable-dev-shm-usage',
    ],
  });

// A person's browser: a fresh profile, and a page that writes down what went wrong on it.
export async function open(browser, options = {}) {
  const context = await browser.newContext({
    ignoreHTTPSErrors: true, // the development CA is nobody's root
    locale: 'en-US',
    ...options,
  });
  context.setDefaultTimeout(15000);
  const page = await context.newPage();
  const trouble = [];
  page.on('pageerror', (error) => trouble.push(`script error: ${error.message}`));
  page.on('console', (message) => {
    // A status of 400 and up is logged as an error too; whether it is right is the test's affair.
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource')) {
      trouble.push(message.text());
    }
  });
  return { context, page, trouble };
}

export const cookie = async (context, name) =>
  (await context.cookies(gateway)).find((one) => one.name === name);

// From the sign-in page to the provider's page, by the button of one provider.
export async function goToProvider(page, button, { script = true, query = '?application=vaweb' } = {}) {
  await page.goto(`${gateway}/sign-in/${query}`);
  // Not the link beside it that makes an account.
  await page.locator('a.button', { hasText: button }).click();
  if (!script) await page.locator('form button[type=submit]').click();
  await page.waitForURL((url) => url.origin === provider);
}

// Chooses somebody there and comes back. Whoever does not fit the request stands behind a disclosure.
export async function choose(page, persona, { script = true } = {}) {
  const button = page.locator(`button[name=persona][value="${persona}"]`);
  if (!(await button.isVisible())) await page.locator('summary').click();
  await button.click();
  if (!script) await page.locator('form button[type=submit]').click();
  await page.waitForURL((url) => url.origin !== provider);
  await page.waitForLoadState();
}

// What the gateway says of the person in this browser: [status, body].
export async function user(context) {
  const answer = await context.request.get(`${gateway}/v0/user`);
  return [answer.status(), answer.ok() ? await answer.json() : null];
}

// What follows a session is asked after the answer: the page is looked at again until it says so.
export async function resultPage(page, wanted) {
  for (let looks = 0; looks < 20; looks += 1) {
    await page.goto(`${gateway}/auth/login/callback`);
    const text = await page.locator('main').innerText();
    if (wanted.test(text)) return text;
  }
  throw new Error(`the result page never said ${wanted}`);
}

// Puts the cookie of that name back with another SameSite and nothing else changed.
export async function rewriteSameSite(context, name, sameSite) {
  const { value: content } = await cookie(context, name);
  await context.clearCookies({ name });
  await context.addCookies([
    { name, value: content, url: gateway, secure: true, httpOnly: true, sameSite },
  ]);
}

// What axe finds against WCAG 2.2 AA, as sentences.
export async function accessibilityProblems(page) {
  await page.evaluate(axeSource);
  const { violations } = await page.evaluate(() =>
    axe.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] }));
  return violations.map(({ id, help, nodes }) =>
    `${id}: ${help}: ${nodes.map((node) => node.target.join(' ')).join(', ')}`);
}
