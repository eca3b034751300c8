// The dictionaries of opencc-js are strings: pairs parted by '|', in each the character and what it becomes.
declare module 'opencc-js/dict/*' {
  const dictionary: string;
  export default dictionary;
}
