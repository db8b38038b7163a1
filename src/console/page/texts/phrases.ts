/** Sentences that the server says in English, in Chinese: those of the console itself, and of the model table. */

type Phrases = readonly (readonly [RegExp, string])[];

/** Whole sentences. Errors of SQL are not among them: they are as in every client, below a line that says of what kind they are. */
const sentences: Phrases = [
  [/^role or password is wrong, or the role may not sign in$/, '角色或密码错误，或该角色不能登录'],
  [/^too many failed attempts; try again in (\d+) s$/, '失败次数过多，请在 $1 秒后重试'],
  [/^too many people are signed in to this console$/, '登录此控制台的人数过多'],
  [/^this address was used already, or is too old$/, '此地址已使用过或已过期'],
  [
    /^hologen open makes another; or sign in with a role and its password\.$/,
    '运行 hologen open 可获得新地址；也可以用角色和密码登录。',
  ],
  [/^sign in first$/, '请先登录'],
  [/^a statement of yours is still running; cancel it or wait$/, '您的一条语句仍在运行，请取消或等待'],
  [
    /^this statement was not run in this session, or another one since$/,
    '此语句不是在本次会话中运行的，或之后又运行了其他语句',
  ],
  [/^there is no such job, or it is not yours$/, '没有此任务，或它不属于您'],
  [/^this request does not come from the console’s own page$/, '此请求并非来自控制台页面'],
  [/^(\w+) is missing$/, '缺少 $1'],
  [/^Provider request id: (\S+)\.$/, '服务商请求号：$1。'],
  [/^HTTP (\d+)$/, 'HTTP $1'],
];

/** Parts of what the model table says of sizes, lengths and prices, the longer ones first. */
const parts: Phrases = [
  [/^per token, see the provider$/, '按 token 计费，见服务商价格'],
  [/\bCNY ([\d.]+) a picture/g, '每张 $1 元'],
  [/\bCNY ([\d.]+) a second of speech/g, '每秒语音 $1 元'],
  [/\bCNY a second: /g, '每秒价格（元）：'],
  [/\bCNY a million tokens: /g, '每百万 token 价格（元）：'],
  [/\b([A-Z]{3}) ([\d.]+) a picture/g, '每张 $2 $1'],
  [/\b([A-Z]{3}) ([\d.]+) a second of speech/g, '每秒语音 $2 $1'],
  [/\b([A-Z]{3}) a second: /g, '每秒价格（$1）：'],
  [/\b([A-Z]{3}) a million tokens: /g, '每百万 token 价格（$1）：'],
  [/, ([\d.]+) with prompt_extend/g, '，使用 prompt_extend 时 $1 元'],
  [/, ([\d.]+) of more than ([\d,]+) pixels/g, '，超过 $2 像素时 $1 元'],
  [/, plus ([\d.]+) for each picture that goes in/g, '，另加每张输入图片 $1 元'],
  [/; seconds of input videos count too/g, '；输入视频的秒数也计费'],
  [/, up to (\d+) s with a reference video/, '，有参考视频时最多 $1 秒'],
  [/^as the input, up to (\d+) s$/, '与输入相同，最多 $1 秒'],
  [/; ratio /, '；宽高比 '],
  [/\badaptive\b/g, '自适应'],
  [/; silent /g, '；无声 '],
  [/([\d.]+) at (\d+P)/g, '$2 $1'],
  [/([\d.]+) in\b/g, '输入 $1'],
  [/([\d.]+) out\b/g, '输出 $1'],
  [/([\d.]+) cached\b/g, '缓存 $1'],
  [/([\d.]+) thinking\b/g, '思考 $1'],
  [/([\d.]+) sound\b/g, '声音 $1'],
  [/([\d.]+) picture\b/g, '图片 $1'],
  [/([\d.]+) mixed\b/g, '混合 $1'],
  [/ up to (\d+k) of input/g, '（输入不超过 $1）'],
  [/ s\b/g, ' 秒'],
  [/ to /, ' 至 '],
  [/ or /g, ' 或 '],
];

/** What a statement's NOTICEs say of its calls. */
const progress: Phrases = [
  [/(\d+) done/, '完成 $1'],
  [/(\d+) running/, '运行中 $1'],
  [/(\d+) saving/, '保存中 $1'],
  [/(\d+) queued/, '排队中 $1'],
  [/(\d+) failed/, '失败 $1'],
  [/(\d+) held up/, '受阻 $1'],
  [/(\d+) give way/, '让行 $1'],
  [/about (\d+) s left/, '约剩 $1 秒'],
  [/(\d+) s\b/, '$1 秒'],
  [/, /g, '，'],
];

/** Reasons stand behind the models' names, and are as in every client. */
export function noticeInChinese(text: string): string {
  return text.replace(/^(ai_gen|ai_wait): ([^()]*)/, (_whole, name: string, told: string) => {
    const words = progress.reduce((so, [pattern, words]) => so.replace(pattern, words), told);
    return `${name}：${words}`;
  });
}

/** What kind of error an SQLSTATE is, or the class that its first two characters are. */
const kinds: Readonly<Record<string, string>> = {
  '22023': '请求、参数或设置有误',
  '22P02': '请求、参数或设置有误',
  '22H01': '未通过服务商的内容审查',
  '28H01': '服务商拒绝了此账号：密钥、权限或欠费',
  '42501': '没有权限',
  '42601': 'SQL 语法错误',
  '42703': '没有这个列',
  '42704': '没有这个对象',
  '42883': '没有这个函数',
  '42P01': '没有这个表',
  '53300': '连接数过多',
  '53400': '超出预算或调用次数上限',
  '53H01': '服务商的额度已用尽',
  '54000': '请求过大或嵌套过深',
  '57014': '已取消或超时',
  '57P03': '网关暂不接受新调用',
  '58H01': '服务商出错',
  '57P01': '网关正在停止',
  '58000': '系统错误',
  '58030': '读写出错',
  '58P01': '文件不存在或无法读取',
  '0A000': '不支持此写法',
  '08': '服务商没有应答',
  '22': '值有误',
  '23': '违反约束',
  '25': '此会话只读',
  '42': 'SQL 有误',
  XX: '内部错误',
};

export function kindInChinese(sqlstate: string): string | undefined {
  return kinds[sqlstate] ?? kinds[sqlstate.slice(0, 2)];
}

export function sentenceInChinese(text: string): string {
  const [pattern, words] = sentences.find(([each]) => each.test(text)) ?? [];
  return pattern && words !== undefined ? text.replace(pattern, words) : text;
}

export function rulesInChinese(text: string): string {
  return parts.reduce((told, [pattern, words]) => told.replace(pattern, words), text);
}
