extension Double {
    /// Seconds.
    package init(_ duration: Duration) {
        self = Double(duration.components.seconds) + Double(duration.components.attoseconds) * 1e-18
    }
}
