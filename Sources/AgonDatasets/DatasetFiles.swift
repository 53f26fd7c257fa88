import Foundation

/// The names under which a set's files lie on people's disks.
enum DatasetFiles {
    /// The file of a manifest's name in a folder: as named, compressed, without the folder that it was archived in, with a
    /// dot instead of the hyphen before `idx` (Kaggle and the first mirrors), or in a folder of its own name (Kaggle).
    static func path(of name: String, in folder: String) -> String? {
        let last = name.split(separator: "/").last.map(String.init) ?? name
        var names = [name, last]
        for (one, other) in [("-idx", ".idx"), (".idx", "-idx")] {
            guard let range = last.range(of: one, options: .backwards) else { continue }
            names.append(last.replacingCharacters(in: range, with: other))
        }
        let compressed = names.flatMap { [$0, $0 + ".gz"] }
        let inside = names.flatMap { outer in compressed.map { outer + "/" + $0 } }
        return (compressed + inside).map { folder + "/" + $0 }.first { FileStamp(path: $0)?.isFile == true }
    }

    /// The folders of a root that bear a set's name, however it is spelt (`MNIST`, `FashionMNIST`), and the `raw` in each,
    /// where torchvision keeps the files.
    static func folders(of name: String, in root: String) -> [String] {
        let plain = letters(name)
        let spelt = ((try? FolderEntries(path: root))?.folders ?? []).filter { letters($0) == plain && $0 != name }
        return ([name] + sorted(spelt)).flatMap { [root + "/" + $0, root + "/" + $0 + "/raw"] }
    }

    static func isNamed(_ folder: String, as name: String) -> Bool {
        folder.split(separator: "/").last.map { letters(String($0)) == letters(name) } ?? false
    }

    /// Whether a folder holds CIFAR-10 as Python objects.
    static func pythonCIFAR(in folder: String) -> String? {
        ["cifar-10-batches-py", "cifar-10-python.tar.gz", "batches.meta"].map { folder + "/" + $0 }
            .first { FileStamp(path: $0) != nil }
    }

    private static func letters(_ name: String) -> String {
        name.lowercased().filter { $0.isLetter || $0.isNumber }
    }
}
