-- What a person does in Neovim: open a script, see the diagnostic, hover, apply the fix, write the file.
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
  vim.lsp.stop_client(started)
  vim.fn.writefile(seen, report)
end

local good, message = pcall(main)
if not good then
  io.stderr:write(tostring(message) .. "\n")
  vim.cmd("cquit")
end
vim.cmd("quitall!")
