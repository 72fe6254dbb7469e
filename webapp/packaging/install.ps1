# Installs HematoVision from this folder. Needs Python and no network; --help tells more.
$ErrorActionPreference = 'Stop'
$installer = Join-Path $PSScriptRoot 'install.py'
$candidates = @()
if ($env:PYTHON) { $candidates += , @($env:PYTHON) }
foreach ($version in '3.13', '3.12', '3.11') { $candidates += , @('py', "-$version") }
$candidates += , @('python')
foreach ($candidate in $candidates) {
  $program = $candidate[0]
  $first = @($candidate | Select-Object -Skip 1)
  if (-not (Get-Command $program -ErrorAction SilentlyContinue)) { continue }
  try { & $program @first -I $installer --fits 2>$null | Out-Null } catch { continue }
  if ($LASTEXITCODE -ne 0) { continue }
  & $program @first -I $installer @args
  $status = $LASTEXITCODE
  $commands = Join-Path $env:LOCALAPPDATA 'Programs\HematoVision\bin'
  if ($status -eq 0 -and (Test-Path (Join-Path $commands 'hematovision.cmd'))) {
    $path = [Environment]::GetEnvironmentVariable('Path', 'User')
    if (($path -split ';') -notcontains $commands) {
      [Environment]::SetEnvironmentVariable('Path', "$path;$commands".Trim(';'), 'User')
      Write-Output "$commands was added to your PATH: open a new window to use it."
    }
  }
  exit $status
}
[Console]::Error.WriteLine('hematovision: no fitting Python was found: install Python 3.13 (64 bit), or name one in $env:PYTHON')
exit 2
