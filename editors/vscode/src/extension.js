// A thin client: everything that trainlint says comes from `trainlint server`.
"use strict";

const vscode = require("vscode");
const { LanguageClient, RevealOutputChannelOn, TransportKind } = require("vscode-languageclient/node");

const PROBE = "trainlint.probe";
const SELECTOR = [
  { language: "python", scheme: "file" },
  { language: "python", scheme: "untitled" },
  { language: "python", scheme: "vscode-notebook-cell" },
];

/** @type {LanguageClient | undefined} */
let client;

/** The Python to start: the user's choice, else that of the Python extension, else what the system calls Python 3. */
async function interpreter() {
  const set = vscode.workspace.isTrusted
    ? vscode.workspace.getConfiguration("trainlint").get("interpreter", [])
    : vscode.workspace.getConfiguration("trainlint").inspect("interpreter")?.globalValue ?? [];
  if (set.length > 0) {
    return set;
  }
  const python = vscode.workspace.isTrusted ? vscode.extensions.getExtension("ms-python.python") : undefined;
  if (python) {
    const api = python.isActive ? python.exports : await python.activate();
    const path = api?.environments?.getActiveEnvironmentPath?.().path;
    const found = path && (await api.environments.resolveEnvironment(path));
    if (found?.executable?.uri) {
      return [found.executable.uri.fsPath];
    }
  }
  return [process.platform === "win32" ? "python" : "python3"];
}

async function start(output) {
  const [command, ...before] = await interpreter();
  const server = { command, args: [...before, "-m", "trainlint", "server"], transport: TransportKind.stdio };
  client = new LanguageClient("trainlint", "trainlint", server, {
    documentSelector: SELECTOR,
    outputChannel: output,
    revealOutputChannelOn: RevealOutputChannelOn.Never,
    middleware: {
      // What the server would run is the user's code: not in a workspace that is not trusted.
      executeCommand: (name, args, next) =>
        name === PROBE && !vscode.workspace.isTrusted
          ? vscode.window.showErrorMessage("trainlint: a probe runs the script: trust the workspace first")
          : next(name, args),
    },
  });
  try {
    await client.start();
  } catch (error) {
    output.error(String(error));
    const answer = await vscode.window.showErrorMessage(
      `trainlint: ${command} could not start the server. It needs: pip install 'trainlint[lsp]'`,
      "Show the output",
      "Settings",
    );
    if (answer === "Show the output") {
      output.show();
    } else if (answer === "Settings") {
      await vscode.commands.executeCommand("workbench.action.openSettings", "trainlint.interpreter");
    }
  }
}

async function restart(output) {
  const before = client;
  client = undefined;
  await before?.dispose().catch((error) => output.error(String(error)));
  await start(output);
}

async function activate(context) {
  const output = vscode.window.createOutputChannel("trainlint", { log: true });
  const probe = async () => {
    const document = vscode.window.activeTextEditor?.document;
    if (document?.languageId === "python") {
      await vscode.commands.executeCommand(PROBE, document.uri.toString());
    }
  };
  context.subscriptions.push(
    output,
    vscode.commands.registerCommand("trainlint.probeFile", probe),
    vscode.commands.registerCommand("trainlint.restart", () => restart(output)),
    vscode.commands.registerCommand("trainlint.showOutput", () => output.show()),
    vscode.workspace.onDidGrantWorkspaceTrust(() => restart(output)),
    vscode.workspace.onDidChangeConfiguration((event) => {
      if (event.affectsConfiguration("trainlint.interpreter")) {
        return restart(output);
      }
    }),
  );
  await start(output);
}

function deactivate() {
  return client?.stop();
}

module.exports = { activate, deactivate };
