import AgonSweeps

/// Links from a page to other files.
enum PageLink {
    /// The relative address of a file or folder, the latter with a slash at its end.
    ///
    /// - Parameter folder: the folder of the page.
    static func address(of path: String, from folder: String) -> String {
        let target = parts(path)
        let start = parts(folder)
        let shared = zip(target, start).prefix { $0 == $1 }.count
        let steps: [String] = start.dropFirst(shared).map { _ in ".." } + target.dropFirst(shared).map(encoded)
        return (steps.isEmpty ? "." : steps.joined(separator: "/")) + (path.hasSuffix("/") ? "/" : "")
    }

    private static func parts(_ path: String) -> [Substring] { SweepPaths.absolute(path).split(separator: "/") }

    /// Any name as a part of an address: no character of it ends the part or makes it another kind of address.
    private static func encoded(_ name: Substring) -> String {
        name.utf8.reduce(into: "") { text, byte in
            let character = Character(UnicodeScalar(byte))
            if byte < 0x80, character.isLetter || character.isNumber || "-._~".contains(character) {
                text.append(character)
            } else {
                let digits = String(byte, radix: 16, uppercase: true)
                text += "%" + (digits.count == 1 ? "0" : "") + digits
            }
        }
    }
}
