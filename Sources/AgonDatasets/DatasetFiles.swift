import Foundation

/// The names that the files of a dataset commonly have on disk.
enum DatasetFiles {
    /// Finds a manifest's file in a folder: under its name, compressed, without the folder in which it was archived,
    /// with a dot instead of the hyphen before `idx` (Kaggle and early mirrors), or in a folder of the same name
    /// (Kaggle).
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

    /// The folders of a root that have a dataset's name in any spelling (`MNIST`, `FashionMNIST`), and the `raw` folder
    /// in each, where torchvision stores the files.
    static func folders(of name: String, in root: String) -> [String] {
        let plain = letters(name)
        let spelt = ((try? FolderEntries(path: root))?.folders ?? []).filter { letters($0) == plain && $0 != name }
        return ([name] + sorted(spelt)).flatMap { folder -> [String] in
            let path = root + "/" + folder
            return [path, path + "/raw"]
        }
    }

    static func isNamed(_ folder: String, as name: String) -> Bool {
        folder.split(separator: "/").last.map { letters(String($0)) == letters(name) } ?? false
    }

    /// The file or folder by which a folder is recognised as CIFAR-10's Python version; nil if there is none.
    static func pythonCIFAR(in folder: String) -> String? {
        ["cifar-10-batches-py", "cifar-10-python.tar.gz", "batches.meta"].map { folder + "/" + $0 }
            .first { FileStamp(path: $0) != nil }
    }

    /// The file by which a folder is recognised as CIFAR-100's binary version; nil if there is none.
    static func hundredClassCIFAR(in folder: String) -> String? {
        ["train.bin", "cifar-100-binary/train.bin", "cifar-100-binary.tar.gz"].map { folder + "/" + $0 }
            .first { FileStamp(path: $0) != nil }
    }

    private static func letters(_ name: String) -> String {
        name.lowercased().filter { $0.isLetter || $0.isNumber }
    }
}
