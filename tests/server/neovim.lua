-- What a person does in Neovim: open a script, see the diagnostic, hover, apply the fix, write the file; the same in a notebook.
-- Called with a file for what was seen. Whatever goes wrong ends Neovim with an error: it would wait forever.
local seen = {}

local function note(name, value)
  table.insert(seen, name .. "=" .. tostring(value):gsub("\n", " "))
end

local function wait(what, is_so)
  if not vim.wait(60000, is_so, 20) then
    error("waited in vain for " .. what)
  end
end

-- Neovim has no notebooks of its own: a plugin that shows them keeps a buffer a cell, and tells the server as is done here.
local function notebook(client)
  local path = vim.env.TRAINLINT_SCRIPT:gsub("%.py$", ".ipynb")
  local cells, documents = {}, {}
  for number, text in ipairs({ "import torch\n\nmodel = torch.nn.Linear(8, 1)\n", "model.eval\n" }) do
    local uri = "notebook-cell:" .. path .. "#" .. number
    table.insert(cells, { kind = 2, document = uri })
    table.insert(documents, { uri = uri, languageId = "python", version = 1, text = text })
    vim.api.nvim_buf_set_lines(vim.uri_to_bufnr(uri), 0, -1, false, vim.split(text, "\n"))
  end
  local told = { uri = vim.uri_from_fname(path), notebookType = "jupyter-notebook", version = 1, cells = cells }
  client.notify("notebookDocument/didOpen", { notebookDocument = told, cellTextDocuments = documents })

  local first, second = vim.uri_to_bufnr(cells[1].document), vim.uri_to_bufnr(cells[2].document)
  wait("a diagnostic in a cell", function() return #vim.diagnostic.get(second) == 1 end)
  local found = vim.diagnostic.get(second)[1]
  note("cell", found.code or found.user_data.lsp.code)
  note("cell row", found.lnum + 1)
  note("first cell", #vim.diagnostic.get(first))

  local place = { line = found.lnum, character = found.col }
  local asked = {
    textDocument = { uri = cells[2].document },
    range = { start = place, ["end"] = place },
    context = { diagnostics = {} },
  }
  local answer = client.request_sync("textDocument/codeAction", asked, 60000, second)
  vim.lsp.util.apply_workspace_edit(answer.result[1].edit, client.offset_encoding)
  local fixed = table.concat(vim.api.nvim_buf_get_lines(second, 0, -1, false), "\n")
  note("cell text", fixed)
  client.notify("notebookDocument/didChange", {
    notebookDocument = { uri = told.uri, version = 2 },
    change = { cells = { textContent = { { document = { uri = cells[2].document, version = 2 }, changes = { { text = fixed } } } } } },
  })
  wait("it to go", function() return #vim.diagnostic.get(second) == 0 end)
end

local function main()
  local script, report = vim.env.TRAINLINT_SCRIPT, vim.env.TRAINLINT_REPORT
  vim.cmd("edit " .. vim.fn.fnameescape(script))
  local buffer = vim.api.nvim_get_current_buf()
  local started = vim.lsp.start_client({
    name = "trainlint",
    cmd = { vim.env.TRAINLINT_PYTHON, "-m", "trainlint", "server" },
    root_dir = vim.fn.fnamemodify(script, ":h"),
    settings = { trainlint = {} },
  })
  vim.lsp.buf_attach_client(buffer, started)
  wait("a diagnostic", function() return #vim.diagnostic.get(buffer) == 1 end)
  local found = vim.diagnostic.get(buffer)[1]
  note("found", found.code or found.user_data.lsp.code)
  note("row", found.lnum + 1)
  note("source", found.source)

  -- Type a second fault above, and take it back.
  vim.api.nvim_buf_set_lines(buffer, 3, 3, false, { "model.train" })
  wait("a second diagnostic", function() return #vim.diagnostic.get(buffer) == 2 end)
  vim.api.nvim_buf_set_lines(buffer, 3, 4, false, {})
  wait("it to go", function() return #vim.diagnostic.get(buffer) == 1 end)

  local hovered = vim.lsp.buf_request_sync(buffer, "textDocument/hover", {
    textDocument = vim.lsp.util.make_text_document_params(buffer),
    position = { line = found.lnum, character = found.col },
  }, 60000)
  for _, answer in pairs(hovered or {}) do
    note("hover", answer.result.contents.value)
  end

  vim.api.nvim_win_set_cursor(0, { found.lnum + 1, found.col })
  vim.ui.select = function(items, options, choose)
    for _, item in ipairs(items) do
      note("offered", options.format_item and options.format_item(item) or "")
    end
    choose(items[1], 1)
  end
  vim.lsp.buf.code_action()
  wait("the fix", function() return vim.fn.getline(found.lnum + 1):find("eval%(%)") ~= nil end)
  wait("no diagnostic", function() return #vim.diagnostic.get(buffer) == 0 end)
  vim.cmd("write")
  notebook(vim.lsp.get_client_by_id(started))
  vim.lsp.stop_client(started)
  vim.fn.writefile(seen, report)
end

local good, message = pcall(main)
if not good then
  io.stderr:write(tostring(message) .. "\n")
  vim.cmd("cquit")
end
vim.cmd("quitall!")
