extension DatasetConfiguration {
    /// The channels of the set's images as far as its kind and the transforms tell, without the data; nil for points
    /// and unknown sets.
    public func expectedChannels(searchPath: DataSearchPath) -> Int? {
        let original: Int?
        if let kind = BuiltIn(rawValue: name) {
            original = kind == .ring || kind == .grid ? nil : 3
        } else {
            // Image files are read in colour.
            original = (try? DatasetCatalogue(searchPath: searchPath).manifest(named: name))?.forms.first
                .map { $0.format == .idx ? 1 : 3 }
        }
        return original.map { original in
            transforms.reduce(original) { channels, transform in
                switch transform {
                case .grayscale: 1
                case .rgb: 3
                default: channels
                }
            }
        }
    }
}
