/** Shell completion: each script asks `tollbridge completion --words WORD...` what may stand at the cursor. */

import { ok, type Result, refuse } from '../schemas/result.ts';

const BASH = `_tollbridge() {
  local IFS=$'\\n'
  COMPREPLY=($(tollbridge completion --words "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
}
complete -o default -F _tollbridge tollbridge
`;

const ZSH = `#compdef tollbridge
_tollbridge() {
  local -a found
  found=("\${(@f)$(tollbridge completion --words "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  [[ -n "\${found[1]}" ]] && compadd -a found || _files
}
compdef _tollbridge tollbridge
`;

const FISH = `complete -c tollbridge -a \\
  '(tollbridge completion --words (commandline -opc)[2..] (commandline -ct | string collect --allow-empty) 2>/dev/null)'
`;

const SCRIPTS: Readonly<Record<string, string>> = { bash: BASH, zsh: ZSH, fish: FISH };

/** The script for a shell, to be sourced. Code: config-invalid. */
export const completionScript = (shell: string | undefined): Result<string> => {
  const script = SCRIPTS[shell ?? ''];
  if (script !== undefined) return ok(script);
  return refuse('config-invalid', `completion is for ${Object.keys(SCRIPTS).join(', ')}: name one of them`);
};

/** The options a help text names, in its order, each once. */
export const optionsIn = (help: string): string[] => [...new Set(help.match(/--[a-z][a-z-]*/g) ?? [])];
