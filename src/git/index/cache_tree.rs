//! The `TREE` extension: of which directories of the index git already knows the tree object's id.
//!
//! A directory is invalidated when something below it is staged, and valid again when git has written (or read) its
//! tree. What is quoted is gitformat-index(5), "Cache tree".

use std::ops::Range;

use super::Id;

/// The directories, each beside its siblings, and the bytes of the extension, which hold their names and ids.
#[derive(Debug)]
pub struct CacheTree {
    bytes: Box<[u8]>,
    /// The root first. The children of one directory stand together, sorted as [`key`] says.
    nodes: Vec<Node>,
}

/// One directory of a [`CacheTree`].
#[derive(Clone, Copy, Debug)]
pub struct CachedDirectory<'c> {
    tree: &'c CacheTree,
    node: Node,
}

/// The extension's size is 32 bits wide, so whatever lies or counts in it fits as well.
#[derive(Clone, Copy, Debug, Default)]
struct Node {
    name: u32,
    name_length: u32,
    /// Where the id is; 0, where a name is, if the directory was invalidated.
    id: u32,
    first_child: u32,
    children: u32,
}

/// A name of one byte, NUL, `-1 0` and a line feed.
const SMALLEST: usize = 7;

impl CacheTree {
    /// The root directory.
    pub fn root(&self) -> CachedDirectory<'_> {
        CachedDirectory { tree: self, node: self.nodes[0] }
    }

    /// The directory of a path; the empty path is the root.
    pub fn directory(&self, path: &[u8]) -> Option<CachedDirectory<'_>> {
        let mut names = path.split(|&byte| byte == b'/').filter(|name| !name.is_empty());
        names.try_fold(self.root(), |directory, name| directory.child(name))
    }

    /// "The entries are written out in the top-down, depth-first order." `None` if they are not what git writes.
    pub(super) fn read(bytes: &[u8]) -> Option<CacheTree> {
        let mut reader = Reader { bytes, at: 0 };
        let mut nodes = vec![Node::default()];
        // What is still to be read of each directory that was begun; a stack of its own, because depth is the file's.
        #[expect(clippy::single_range_in_vec_init, reason = "a stack of ranges, which starts with one")]
        let mut open = vec![0..1];
        while let Some(slots) = open.last_mut() {
            let Some(slot) = slots.next() else {
                open.pop();
                continue;
            };
            let node = Node { first_child: nodes.len() as u32, ..reader.node()? };
            // No more slots than there is text for, however many children the nodes claim to have.
            if node.children as usize > (bytes.len() / SMALLEST + 1).saturating_sub(nodes.len()) {
                return None;
            }
            let children = node.child_range();
            nodes[slot] = node;
            nodes.resize(children.end, Node::default());
            open.push(children);
        }
        sort_children(bytes, &mut nodes)?;
        if nodes[0].name_length > 0 {
            return None;
        }
        Some(CacheTree { bytes: bytes.into(), nodes })
    }
}

impl<'c> CachedDirectory<'c> {
    /// The id of the tree that holds exactly what the index holds of this directory; `None` if it was invalidated.
    pub fn id(&self) -> Option<&'c Id> {
        let at = self.node.id as usize;
        if at == 0 { None } else { self.tree.bytes[at..].first_chunk() }
    }

    /// The directory `name` in this one, if git has noted it.
    pub fn child(&self, name: &[u8]) -> Option<CachedDirectory<'c>> {
        let children = &self.tree.nodes[self.node.child_range()];
        let wanted = (name.len(), name);
        let at = children.binary_search_by(|child| key(&self.tree.bytes, child).cmp(&wanted)).ok()?;
        Some(CachedDirectory { tree: self.tree, node: children[at] })
    }
}

impl Node {
    fn child_range(&self) -> Range<usize> {
        self.first_child as usize..self.first_child as usize + self.children as usize
    }
}

/// Git sorts siblings by length first (`subtree_name_cmp` in its cache-tree.c).
fn key<'b>(bytes: &'b [u8], node: &Node) -> (usize, &'b [u8]) {
    let (start, length) = (node.name as usize, node.name_length as usize);
    (length, &bytes[start..start + length])
}

/// Git has sorted them, libgit2 and JGit each in its own way. `None` if two have the same name.
fn sort_children(bytes: &[u8], nodes: &mut [Node]) -> Option<()> {
    for parent in 0..nodes.len() {
        let range = nodes[parent].child_range();
        let siblings = &mut nodes[range];
        let ascending = |siblings: &[Node]| siblings.is_sorted_by(|a, b| key(bytes, a) < key(bytes, b));
        if !ascending(siblings) {
            siblings.sort_unstable_by(|a, b| key(bytes, a).cmp(&key(bytes, b)));
            ascending(siblings).then_some(())?;
        }
    }
    Some(())
}

struct Reader<'b> {
    bytes: &'b [u8],
    at: usize,
}

impl Reader<'_> {
    /// "NUL-terminated path component; ASCII decimal number of entries; a space; ASCII decimal number of subtrees; a
    /// newline; object name", without the last "represented by having a negative number in the entry_count field".
    fn node(&mut self) -> Option<Node> {
        let name = self.at;
        let name_length = memchr::memchr(0, &self.bytes[name..])?;
        self.at += name_length + 1;
        let invalidated = self.bytes.get(self.at) == Some(&b'-');
        self.at += usize::from(invalidated);
        self.number(b' ')?;
        let children = self.number(b'\n')?;
        let id = if invalidated { 0 } else { self.skip(size_of::<Id>())? };
        Some(Node {
            name: name as u32,
            name_length: name_length as u32,
            id: id as u32,
            first_child: 0,
            children,
        })
    }

    /// A number and the byte that ends it.
    fn number(&mut self, end: u8) -> Option<u32> {
        let mut value = 0_u32;
        loop {
            let byte = *self.bytes.get(self.at)?;
            self.at += 1;
            if byte == end {
                return Some(value);
            }
            let digit = byte.is_ascii_digit().then(|| u32::from(byte - b'0'))?;
            value = value.checked_mul(10)?.checked_add(digit)?;
        }
    }

    /// Where the skipped bytes start.
    fn skip(&mut self, length: usize) -> Option<usize> {
        let start = self.at;
        self.at = start.checked_add(length).filter(|&end| end <= self.bytes.len())?;
        Some(start)
    }
}
