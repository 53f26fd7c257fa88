/// The splits of a folder of images, under the names that people commonly use for `train`, `val` and `test`.
///
/// Recognised names: `train`, `training`; `val`, `valid`, `validation`, `dev`; `test`, `testing`; also with the same
/// extra words in each, as in `train2017` and `val2017`, or `seg_train` and `seg_test`. Other splits count only if
/// there is a training split.
struct FolderSplits {
    /// The folder that contains the splits.
    let folder: String
    let train: String?
    let validation: String?
    let test: String?
    /// Folders of images beside the splits, which are left out.
    let others: [String]

    private enum Role { case train, validation, test }

    /// Throws: `DatasetError.unreadable`, `.noTrainingFolder`.
    init(path: String) throws {
        let folder = try Self.unwrapped(path)
        self.folder = folder
        let entries = try FolderEntries(path: folder)
        let holding = sorted(entries.folders).filter { ImageFolder.holdsImages(folder + "/" + $0) }
        let roles = holding.compactMap { name in Self.role(of: name).map { (name: name, role: $0.0, rest: $0.1) } }
        func named(_ role: Role, beside train: String) -> String? {
            roles.first { $0.role == role && $0.rest == train }?.name
        }
        for part in roles where part.role == .train {
            let (validation, test) = (named(.validation, beside: part.rest), named(.test, beside: part.rest))
            let isAlone = holding.count == 1 && part.rest.isEmpty && entries.images.isEmpty
            if validation != nil || test != nil || isAlone {
                (train, self.validation, self.test) = (part.name, validation, test)
                others = holding.filter { ![part.name, validation, test].contains($0) }
                return
            }
        }
        if !holding.isEmpty, entries.images.isEmpty, roles.count == holding.count,
            roles.allSatisfy({ $0.role != .train && $0.rest.isEmpty })
        {
            throw DatasetError.noTrainingFolder(path: folder, parts: holding)
        }
        (train, validation, test, others) = (nil, nil, nil, [])
    }

    /// The folder itself, or a subfolder with the same name, which unpacked archives often have.
    static func unwrapped(_ path: String, always: Bool = false) throws -> String {
        var place = path
        for _ in 0..<4 {
            let entries = try FolderEntries(path: place)
            let name = place.split(separator: "/").last.map(String.init) ?? ""
            guard entries.images.isEmpty, entries.folders.count == 1, let only = entries.folders.first,
                always || only.lowercased() == name.lowercased()
            else { break }
            // A folder that contains only images is a class, whatever its name.
            if !always, try FolderEntries(path: place + "/" + only).folders.isEmpty { break }
            place += "/" + only
        }
        return place
    }

    private static func role(of name: String) -> (Role, String)? {
        let words = name.lowercased().split { !$0.isLetter }.map(String.init)
        let rest = name.lowercased().split { !$0.isLetter && !$0.isNumber }.joined(separator: " ")
        for (role, names) in [
            (Role.train, ["train", "training"]), (.validation, ["validation", "valid", "val", "dev"]),
            (.test, ["testing", "test"]),
        ] {
            for word in names where words.contains(word) {
                return (role, remainder(of: rest, without: word))
            }
        }
        return nil
    }

    private static func remainder(of words: String, without word: String) -> String {
        var isTaken = false
        return words.split(separator: " ").compactMap { part -> String? in
            if !isTaken, part.hasPrefix(word), part.dropFirst(word.count).allSatisfy({ !$0.isLetter }) {
                isTaken = true
                return part == word ? nil : String(part.dropFirst(word.count))
            }
            return String(part)
        }.joined(separator: " ")
    }
}
